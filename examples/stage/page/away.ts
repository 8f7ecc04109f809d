/** Milliseconds before a banner tells of a lost connection: a drop that is over at once is nobody's concern. */
export const bannerAfter = 700

/** Whole seconds until a time in milliseconds since 1970; 0 when it has passed, or there is none. */
export function secondsUntil(time: number | undefined): number {
  return time === undefined ? 0 : Math.max(0, Math.ceil((time - Date.now()) / 1000))
}

/** When the connection is tried next, as a sentence. */
export function nextTry(retryAt: number | undefined): string {
  const seconds = secondsUntil(retryAt)
  return seconds > 0 ? `Next try in ${seconds}\u00a0s.` : 'Trying now…'
}
