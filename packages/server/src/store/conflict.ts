import { StoreError } from './store-error.ts'

/** An increment that builds upon other pieces than stand there. */
export function conflict(room: string, key: string, base: number, there: number): StoreError {
  return new StoreError(
    'conflict',
    `an increment of the room ${room}, key ${JSON.stringify(key)}, builds upon ${base} pieces, but ${there} are kept: ` +
      'does another server write it, too?',
  )
}

/** A file that somebody else has written, replaced or removed. */
export function fileChanged(file: string): StoreError {
  return new StoreError(
    'conflict',
    `${file} is not as this store has left it: does another server use this folder, or was the file replaced or removed? ` +
      'A folder is for one server at a time',
  )
}
