import { StoreError } from './store-error.ts'

/** An increment that builds upon other pieces than stand there. */
export function conflict(room: string, key: string, base: number, there: number): StoreError {
  return new StoreError(
    'conflict',
    `an increment of the room ${room}, key ${JSON.stringify(key)}, builds upon ${base} pieces, but ${there} are kept: ` +
      'does another server write it, too?',
  )
}
