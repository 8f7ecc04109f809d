/** Whether a function is `async`, as far as it can be told: one that was compiled for older engines is not known by that. */
export function isAsync(run: unknown): boolean {
  return Object.prototype.toString.call(run).startsWith('[object Async')
}

/** Whether a value that user code returned has to be awaited. Reading `then` may throw: call it where that is caught. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
