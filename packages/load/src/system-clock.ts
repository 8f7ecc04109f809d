import type { Clock } from '@junto/protocol'

/** The platform's clock. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now()
  }

  time(): number {
    return Date.now()
  }

  after(ms: number, fn: () => void): () => void {
    const timer = setTimeout(fn, ms)
    return () => clearTimeout(timer)
  }

  atEndOfTurn(fn: () => void): void {
    setImmediate(fn)
  }
}
