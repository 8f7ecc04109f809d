/**
 * What the surroundings of a client may know before its socket does. Browsers have such events; elsewhere there are
 * none. Each method returns what ends the subscription.
 */
export interface PageEvents {
  /** The network came back: worth an attempt at once. */
  onOnline(listener: () => void): () => void
  /** The page may never run again: what waits must leave now. */
  onHide(listener: () => void): () => void
}

/** The page's events, where there is a page; otherwise none. Nothing global is changed, listeners are only added. */
export function pageEvents(): PageEvents {
  const target: unknown = globalThis
  if (!isWindow(target)) return { onOnline: () => () => {}, onHide: () => () => {} }
  const listen =
    (type: string) =>
    (listener: () => void): (() => void) => {
      target.addEventListener(type, listener)
      return () => target.removeEventListener(type, listener)
    }
  return { onOnline: listen('online'), onHide: listen('pagehide') }
}

/** Windows and workers; Node has an `EventTarget` class but no global listeners. */
function isWindow(value: unknown): value is EventTarget {
  return typeof EventTarget === 'function' && value instanceof EventTarget
}
