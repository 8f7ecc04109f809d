/**
 * Where a page that goes away leaves its session for the page that comes after it in the same tab: one text, which lets
 * whoever has it take the session over. Keep it where only that page can read it, and give each client a store of its own. What it
 * throws is reported as a `fault`; the session is not kept then.
 */
export interface SessionStore {
  /** What was put there last, which is not there any more afterwards; undefined when there is nothing. */
  take(): string | undefined
  /** Called when the page goes away. */
  put(text: string): void
  /** Called when the client is closed: it neither takes nor puts anything any more. */
  close?(): void
}

/** Places that clients of this page have. */
const taken = new Set<string>()

/**
 * The tab's `sessionStorage`. The text is there only from one page's end to the next one's beginning, so that a tab that is
 * duplicated meanwhile, with a copy of its storage, does not get hold of the other's session.
 *
 * @param url Each server has a place of its own, and each client of one page: the first, the second and so on find what the first and the
 *   second of the page before have left.
 */
export function tabStore(url: string): SessionStore {
  const first = `junto:${url}`
  let key = first
  for (let number = 2; taken.has(key); number++) key = `${first}#${number}`
  taken.add(key)
  return {
    take() {
      const text = sessionStorage.getItem(key) ?? undefined
      sessionStorage.removeItem(key)
      return text
    },
    put: (text) => sessionStorage.setItem(key, text),
    close: () => void taken.delete(key),
  }
}
