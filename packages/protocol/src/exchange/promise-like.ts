/** Whether a value that user code returned has to be awaited. Reading `then` may throw: call it where that is caught. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
