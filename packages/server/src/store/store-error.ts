/**
 * What is the matter with a store:
 *
 * - `full`: there is no room left for what shall be saved. Deleting something else helps, and nothing has to be restarted.
 * - `damaged`: what was saved cannot be read.
 * - `conflict`: other pieces stand there than those that an increment builds upon.
 */
export type StoreFault = 'full' | 'damaged' | 'conflict'

/** A store says why it failed, so that metrics and logs can name it. Whatever else a store throws counts as `other`. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly fault: StoreFault

  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
