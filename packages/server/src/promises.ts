import type { Clock } from '@junto/protocol'

/** Waits for `work`, but no longer than `ms`: then rejects with what `late` makes. The work itself goes on. */
export function within<T>(clock: Clock, ms: number, work: PromiseLike<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(late()))
    work.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error: Error) => {
        cancel()
        reject(error)
      },
    )
  })
}

/** Waits for `work` until `signal` is aborted: then rejects with what `gone` makes. The work itself goes on. */
export function unlessAborted<T>(signal: AbortSignal, work: PromiseLike<T>, gone: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(gone())
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
    work.then(
      (value) => {
        signal.removeEventListener('abort', onAbort)
        resolve(value)
      },
      (error: Error) => {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      },
    )
  })
}

/** For the `dispose` of `Services`: no service keeps a room's key or the end of a server for longer than this. */
export function disposalWithin(clock: Clock, ms: number): (disposal: Promise<unknown>) => Promise<unknown> {
  return (disposal) => within(clock, ms, disposal, () => new Error(`dispose() of a service took longer than ${ms} ms`))
}
