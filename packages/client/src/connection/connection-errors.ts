import { closeCodes, JuntoError, type CloseCode, type ErrorCode } from '@junto/protocol'
import { isErrorCode } from '@junto/protocol/internal'

/** No connection could be made. Browsers do not say why, not even that the server refused the page; elsewhere `reason` does. */
export function unreachableError(url: string, reason: string, cause?: unknown): JuntoError {
  const why = reason === '' ? '' : ` (${reason})`
  const message = `could not connect to ${url}${why}: is the server running, is this its address and 'path', and do its 'origins' let this page in?`
  return new JuntoError('unreachable', message, cause === undefined ? {} : { cause })
}

/** A connection that had been made was closed. */
export function closedError(url: string, code: number, reason: string): JuntoError {
  const known = Object.values<CloseCode>(closeCodes).find((each) => each.code === code)
  const name = known?.name ?? standardNames[code] ?? 'closed'
  const meaning = known?.meaning ?? reason
  const message = `the connection to ${url} was closed: ${code} ${name}${meaning === '' ? '' : `: ${meaning}`}`
  return new JuntoError(errorCodeOf(known), message, { data: { closeCode: code } })
}

/** What a program can decide by has an error code of the same name; any other close is a lost connection. */
function errorCodeOf(close: CloseCode | undefined): ErrorCode {
  return close && close !== closeCodes.internal && isErrorCode(close.name) ? close.name : 'disconnected'
}

const standardNames: Readonly<Record<number, string>> = { 1006: 'lost without a word', 1009: 'too_large' }
