import type { Clock } from '@junto/protocol'

/** Longer timers fire at once, in browsers and in Node: 2^31 - 1 ms, about 24 days. */
const longestTimer = 2 ** 31 - 1

/** The platform's clock. */
export class SystemClock implements Clock {
  readonly #endOfTurn = makeEndOfTurn()

  now(): number {
    return performance.now()
  }

  time(): number {
    return Date.now()
  }

  after(ms: number, fn: () => void): () => void {
    const timer = setTimeout(fn, Math.min(ms, longestTimer))
    return () => clearTimeout(timer)
  }

  atEndOfTurn(fn: () => void): void {
    this.#endOfTurn(fn)
  }
}

/**
 * The end of the turn of the event loop: after what runs now and its promises, before timers that are due later. Node has
 * a name for it. Browsers do not: a message to oneself comes next, is not clamped to 4 ms like a nested timer, and is not
 * slowed down in background tabs.
 */
function makeEndOfTurn(): (fn: () => void) => void {
  // Node's name, asked for without its types: this file is compiled for browsers.
  const { setImmediate } = globalThis as { setImmediate?: (fn: () => void) => void }
  if (setImmediate !== undefined) return (fn) => setImmediate(fn)
  const waiting: (() => void)[] = []
  const channel = new MessageChannel()
  channel.port1.onmessage = () => waiting.shift()?.()
  return (fn) => {
    waiting.push(fn)
    channel.port2.postMessage(undefined)
  }
}
