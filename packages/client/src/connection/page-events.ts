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
  readonly document?: { readonly visibilityState: string }
  readonly navigator?: { readonly onLine?: boolean }
}

/** The page's events, where there is a page; otherwise none. Nothing global is changed, listeners are only added. */
export function pageEvents(scope: unknown = globalThis): PageEvents {
  if (!isScope(scope)) return { offline: false, listen: () => () => {} }
  return {
    get offline() {
      return scope.navigator?.onLine === false
    },
    listen(listener) {
      const end = new AbortController()
      // The last three are events of the document, on the way down to it.
      const meanings: Readonly<Record<string, (kept: boolean) => PageEvent | false>> = {
        online: () => 'online',
        offline: () => 'offline',
        pagehide: (kept) => (kept ? 'suspended' : 'unloading'),
        // A page that was just loaded shows, too.
        pageshow: (kept) => kept && 'resumed',
        visibilitychange: () => (scope.document?.visibilityState === 'visible' ? 'visible' : 'hidden'),
        freeze: () => 'suspended',
        resume: () => 'resumed',
      }
      for (const [type, meaningOf] of Object.entries(meanings)) {
        const hear = (event: Event): void => {
          const meaning = meaningOf('persisted' in event && event.persisted === true)
          if (meaning) listener(meaning)
        }
        scope.addEventListener(type, hear, { capture: true, signal: end.signal })
      }
      return () => end.abort()
    },
  }
}

/** Windows and workers; Node has an `EventTarget` class but no global listeners. */
function isScope(value: unknown): value is PageScope {
  return typeof EventTarget === 'function' && value instanceof EventTarget
}
