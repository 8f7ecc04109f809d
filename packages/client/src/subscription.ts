/**
 * Ends what was begun: call it, or let `using` do it. As a plain function it is what React's `useEffect` wants returned.
 * A second call does nothing.
 */
export interface Subscription extends Disposable {
  (): void
}

/** Makes a subscription from what ends it. */
export function subscription(end: () => void): Subscription {
  let ended = false
  const once = (): void => {
    if (ended) return
    ended = true
    end()
  }
  return Object.assign(once, { [Symbol.dispose]: once })
}
