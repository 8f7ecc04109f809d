import { closeCodes, JuntoError, type CloseCode, type ErrorCode } from '@junto/protocol'

/** No connection could be made. Browsers do not say why, not even that the server refused the page; elsewhere `reason` does. */
export function unreachableError(url: string, reason: string, cause?: unknown): JuntoError {
  const why = reason === '' ? '' : ` (${reason})`
  const message = `could not connect to ${url}${why}: is the server running, is this its address and 'path', and do its 'origins' let this page in?`
  return new JuntoError('unreachable', message, cause === undefined ? {} : { cause })
}

/** A connection that had been made was closed. */
export function closedError(url: string, code: number, reason: string): JuntoError {
  const known = Object.values<CloseCode>(closeCodes).find((each) => each.code === code)
  const name = known?.name ?? standardName(code)
  const meaning = known?.meaning ?? reason
  const message = `the connection to ${url} was closed: ${code} ${name}${meaning === '' ? '' : `: ${meaning}`}`
  return new JuntoError(errorCodeOf(code), message, { data: { closeCode: code } })
}

/** What a program can decide by: most closes are a lost connection, however they came about. */
function errorCodeOf(code: number): ErrorCode {
  switch (code) {
    case closeCodes.unauthorized.code:
      return 'unauthorized'
    case closeCodes.forbidden.code:
      return 'forbidden'
    case closeCodes.incompatible.code:
      return 'incompatible'
    case closeCodes.badMessage.code:
      return 'bad_message'
    case closeCodes.shuttingDown.code:
      return 'shutting_down'
    default:
      return 'disconnected'
  }
}

function standardName(code: number): string {
  switch (code) {
    case 1000:
      return 'normal'
    case 1001:
      return 'going_away'
    case 1006:
      return 'lost without a word'
    case 1009:
      return 'too_large'
    default:
      return 'closed'
  }
}
