import type { Report } from '../warnings.ts'

/**
 * Where a page that goes away leaves its session for the page that comes after it in the same tab: one text, which lets
 * whoever has it take the session over. Keep it where only that page can read it.
 */
export interface SessionStore {
  /** What was put there last, which is not there any more afterwards; undefined when there is nothing. */
  take(): string | undefined
  /** Called when the page goes away. */
  put(text: string): void
}

/**
 * The tab's `sessionStorage`. The text is there only from one page's end to the next one's beginning, so that a tab that is
 * duplicated meanwhile, with a copy of its storage, does not get hold of the other's session.
 *
 * @param url Each server has a place of its own.
 */
export function tabStore(url: string, report: Report): SessionStore {
  const key = `junto:${url}`
  /** A page may be forbidden to store anything; then nothing is kept. */
  const attempt = <T>(action: (storage: Storage) => T): T | undefined => {
    try {
      return action(sessionStorage)
    } catch (error) {
      report({ code: 'fault', message: 'keepSession finds no sessionStorage: a reloaded page begins anew', error })
      return undefined
    }
  }
  return {
    take: () =>
      attempt((storage) => {
        const text = storage.getItem(key) ?? undefined
        storage.removeItem(key)
        return text
      }),
    put: (text) => attempt((storage) => storage.setItem(key, text)),
  }
}
