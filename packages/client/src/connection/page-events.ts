/**
 * What the surroundings of a client tell it:
 *
 * - `online`: the network came back, or is another one: worth an attempt at once, and what seems connected may not be.
 * - `offline`: there is no network.
 * - `visible`: somebody looks again. Timers may have stood still.
 * - `hidden`: on a phone it may never run again: what waits must leave now.
 * - `suspended`: it is put aside, frozen or into the browser's back-forward cache, where open connections do harm: the browser would drop
 *   the page, or the page miss everything.
 * - `resumed`: it runs again after that.
 * - `unloading`: it ends for good.
 */
export type PageEvent = 'online' | 'offline' | 'visible' | 'hidden' | 'suspended' | 'resumed' | 'unloading'

/** What the surroundings of a client may know before its socket does. Browsers do; elsewhere nothing is known. */
export interface PageEvents {
  /** There surely is no network. False where nothing is known. */
  readonly offline: boolean
  /** Tells of each event. Returns what ends that. */
  listen(listener: (event: PageEvent) => void): () => void
}

/** The part of a window, or of a worker's scope, that is listened to. */
export interface PageScope extends EventTarget {
  readonly document?: EventTarget & { readonly visibilityState: string }
  readonly navigator?: { readonly onLine?: boolean }
}

/** The page's events, where there is a page; otherwise none. Nothing global is changed, listeners are only added. */
export function pageEvents(scope: unknown = globalThis): PageEvents {
  if (!isScope(scope)) return { offline: false, listen: () => () => {} }
  const { document, navigator } = scope
  return {
    get offline() {
      return navigator?.onLine === false
    },
    listen(listener) {
      const end = new AbortController()
      const on = (
        target: EventTarget | undefined,
        type: string,
        meaning: (kept: boolean) => PageEvent | undefined,
      ): void => {
        const hear = (event: Event): void => {
          const told = meaning('persisted' in event && event.persisted === true)
          if (told !== undefined) listener(told)
        }
        target?.addEventListener(type, hear, { signal: end.signal })
      }
      on(scope, 'online', () => 'online')
      on(scope, 'offline', () => 'offline')
      on(scope, 'pagehide', (kept) => (kept ? 'suspended' : 'unloading'))
      // A page that was just loaded shows, too.
      on(scope, 'pageshow', (kept) => (kept ? 'resumed' : undefined))
      on(document, 'visibilitychange', () => (document?.visibilityState === 'visible' ? 'visible' : 'hidden'))
      on(document, 'freeze', () => 'suspended')
      on(document, 'resume', () => 'resumed')
      return () => end.abort()
    },
  }
}

/** Windows and workers; Node has an `EventTarget` class but no global listeners. */
function isScope(value: unknown): value is PageScope {
  return typeof EventTarget === 'function' && value instanceof EventTarget
}
