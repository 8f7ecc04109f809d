import { closeCodes, JuntoError, type CloseCode, type ErrorCode } from '@junto/protocol'

/** No connection could be made. Browsers do not say why; elsewhere `reason` does. */
export function unreachableError(url: string, reason: string, cause?: unknown): JuntoError {
  const why = reason === '' ? '' : ` (${reason})`
  const message = `could not connect to ${url}${why}: ${hintFor(reason)}`
  return new JuntoError('unreachable', message, cause === undefined ? {} : { cause })
}

/** What to look at. A server that answered is there; one that a browser could not connect to may have refused the page. */
function hintFor(reason: string): string {
  const refused = "is this its path (the server's option 'path'), and does it let this page in (its option 'origins')?"
  if (/server response: \d/.test(reason)) return refused
  if (reason === '') return `is the server running, ${refused}`
  return 'is the server running, and is this its address?'
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
