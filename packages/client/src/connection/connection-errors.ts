import { JuntoError } from '@junto/protocol'
import { isErrorCode } from '@junto/protocol/internal'

/** No connection could be made. Browsers do not say why, not even that the server refused the page; elsewhere `reason` does. */
export function unreachableError(url: string, reason: string, cause?: unknown): JuntoError {
  const why = reason === '' ? '' : ` (${reason})`
  const message = `could not connect to ${url}${why}: is the server running, is this its address and 'path', and do its 'origins' let this page in?`
  return new JuntoError('unreachable', message, cause === undefined ? {} : { cause })
}

/** A connection that had been made was closed. The name of a code of Junto is its reason. */
export function closedError(url: string, code: number, reason: string): JuntoError {
  const name = reason || (standardNames[code] ?? 'closed')
  // What a program can decide by has an error code of the same name; any other close is a lost connection.
  const isKnown = code >= firstOwn && name !== 'internal' && isErrorCode(name)
  const message = `the connection to ${url} was closed: ${code} ${name}`
  return new JuntoError(isKnown ? name : 'disconnected', message, { data: { closeCode: code } })
}

const firstOwn = 4000

const standardNames: Readonly<Record<number, string>> = { 1006: 'lost without a word', 1009: 'too_large' }
