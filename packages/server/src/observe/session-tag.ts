import { createHash } from 'node:crypto'

/**
 * A session in the log: the first 12 hexadecimal digits of the SHA-256 of its id. An id is no secret, since nobody gets in without the
 * session's secret; but clients choose it, and what strangers choose is neither to fill the log nor to be of use to whoever reads it.
 */
export function sessionTag(session: string): string {
  return createHash('sha256').update(session).digest('hex').slice(0, 12)
}
