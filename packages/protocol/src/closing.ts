/** From here on, a client does not come back. */
export const firstFinal = 4500

/**
 * The codes of `closeCodes` that a client closes with or goes by. They stand apart from those that only servers need, and from what
 * all of them mean, so that a page does not load that.
 */
export const clientCloseCodes = {
  silent: { code: 4002, name: 'silent' },
  sessionLost: { code: 4007, name: 'session_lost' },
  suspended: { code: 4009, name: 'suspended' },
  badMessage: { code: 4500, name: 'bad_message' },
} as const

// What stacks and proxies close with. The rest of 1000–3999 counts as an accident: come back.
const finalStandardCodes = [1000, 1002, 1003, 1007, 1008, 1009, 1010]

/** Whether a client comes back by itself after a connection closed with this code. */
export function reconnectsAfter(code: number): boolean {
  return code < firstFinal && !finalStandardCodes.includes(code)
}
