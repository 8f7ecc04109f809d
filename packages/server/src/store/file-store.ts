import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { conflict } from './conflict.ts'
import { diskFiles, hasCode, type Files } from './files.ts'
import { KeyQueue } from './key-queue.ts'
import type { Logger } from '../observe/log.ts'
import { readRoomFile, record, roomFile, type FileEnd } from './room-file.ts'
import { StoreError } from './store-error.ts'
import { Store } from './store.ts'

/** Files of which it is known how they end. */
const mostRemembered = 10_000

/**
 * Keeps each room in a file of one directory. Saving a room as a whole writes a new file, forces it to the disk, and only then puts it
 * in the place of the old one, which stays beside it (`.previous`). Increments are added at the end of the file, and
 * forced to the disk. All that is written carries checksums: what was not finished when the process or the machine ended is
 * left out, and where the newest file is damaged, the previous one is loaded.
 *
 * For one process at a time.
 */
export class FileStore extends Store {
  override readonly incremental = true
  readonly #directory: string
  readonly #logger: Logger | undefined
  readonly #files: Files
  /** The operations of each room, by file. */
  readonly #queue = new KeyQueue()
  /** How files end that this process has read or written: these are sound, and fit to become the previous one. */
  readonly #ends = new Map<string, FileEnd>()
  #made: Promise<void> | undefined

  /**
   * @param directory Made when it is not there, at the first save.
   * @param logger Is told of damaged files.
   * @param files What it is done with. Default: the disk.
   */
  constructor(directory: string, logger?: Logger, files: Files = diskFiles) {
    super()
    this.#directory = directory
    this.#logger = logger
    this.#files = files
  }

  override load(room: string, key: string): Promise<readonly Uint8Array[] | undefined> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, () => this.#load(file, room, key))
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, () => this.#save(file, roomFile(room, key, bytes)))
  }

  override append(room: string, key: string, base: number, bytes: Uint8Array): Promise<void> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, async () => {
      const end = await this.#endOf(file)
      if (end === undefined || base < 1 || end.pieces !== base) throw conflict(room, key, base, end?.pieces ?? 0)
      await this.#append(file, end, bytes)
    })
  }

  override delete(room: string, key: string): Promise<void> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, async () => {
      this.#ends.delete(file)
      // The newest last, when the others are gone for good: otherwise an end in between could bring back the previous one.
      await this.#files.remove(temporary(file))
      await this.#files.remove(previous(file))
      await this.#files.syncDirectory(this.#directory)
      await this.#files.remove(file)
      await this.#files.syncDirectory(this.#directory)
    })
  }

  async #load(file: string, room: string, key: string): Promise<readonly Uint8Array[] | undefined> {
    const faults: string[] = []
    for (const candidate of [file, previous(file)]) {
      const content = await this.#files.read(candidate)
      if (!content) continue
      const found = readRoomFile(content)
      if (typeof found === 'string') {
        faults.push(`${candidate}: ${found}`)
        continue
      }
      if (found.room !== room || found.key !== key) {
        throw new StoreError(
          'damaged',
          `${candidate} holds another room (${found.room}, key ${JSON.stringify(found.key)})`,
        )
      }
      for (const fault of faults) {
        this.#logger?.warn(`A saved room is damaged, and the version before it is used. ${fault}`, { room, key })
      }
      if (found.rest === 'unfinished') {
        this.#logger?.info(`A save of a room was not finished; the room is as it was saved before. ${candidate}`, {
          room,
          key,
        })
      } else if (found.rest === 'damaged') {
        this.#logger?.warn(
          `A saved room is damaged, and what was saved before that is used. ${candidate}: ` +
            `${content.length - found.end.at} bytes behind byte ${found.end.at} are lost`,
          { room, key },
        )
      }
      if (found.rest !== 'damaged' && candidate === file) this.#remember(file, found.end)
      return found.pieces
    }
    if (faults.length === 0) return undefined
    throw new StoreError('damaged', `The saved room cannot be read, and nothing was changed. ${faults.join('; ')}`)
  }

  async #save(file: string, { content, end }: { readonly content: Uint8Array; readonly end: FileEnd }): Promise<void> {
    const fresh = temporary(file)
    try {
      await this.#makeDirectory()
      await this.#write(fresh, content)
      // A damaged newest must not push the good previous one away.
      const isSound = (await this.#endOf(file)) !== undefined
      // Whatever fails from now on, nothing is known of it.
      this.#ends.delete(file)
      if (isSound) await this.#files.rename(file, previous(file))
      await this.#files.rename(fresh, file)
      await this.#files.syncDirectory(this.#directory)
    } catch (error) {
      // It takes place on a disk that may be full.
      await this.#files.remove(fresh).catch(() => {})
      throw named(error, file)
    }
    this.#remember(file, end)
  }

  async #write(file: string, content: Uint8Array): Promise<void> {
    const open = await this.#files.open(file, 'empty')
    try {
      await open.write(content, 0)
      await open.sync()
    } finally {
      await open.close()
    }
  }

  async #append(file: string, end: FileEnd, bytes: Uint8Array): Promise<void> {
    const next = record(end, bytes)
    // Until it is known what has become of it, the file has to be looked at again.
    this.#ends.delete(file)
    try {
      const open = await this.#files.open(file, 'stands')
      try {
        // What is behind was never finished.
        await open.truncate(end.at)
        try {
          await open.write(next.content, end.at)
          await open.sync()
        } catch (error) {
          // Half of it takes place on a disk that may be full, and all of it must not come to light later.
          await open.truncate(end.at).catch(() => {})
          throw error
        }
      } finally {
        await open.close()
      }
    } catch (error) {
      throw named(error, file)
    }
    this.#remember(file, next.end)
  }

  /** Nothing when it is not there, or damaged. */
  async #endOf(file: string): Promise<FileEnd | undefined> {
    const known = this.#ends.get(file)
    if (known !== undefined) return known
    const content = await this.#files.read(file)
    const found = content && readRoomFile(content)
    return typeof found === 'object' && found.rest !== 'damaged' ? found.end : undefined
  }

  #remember(file: string, end: FileEnd): void {
    // Forgetting costs a look into the file, remembering for ever would cost memory.
    if (this.#ends.size >= mostRemembered) this.#ends.clear()
    this.#ends.set(file, end)
  }

  async #makeDirectory(): Promise<void> {
    this.#made ??= this.#files.makeDirectory(this.#directory)
    try {
      await this.#made
    } catch (error) {
      this.#made = undefined
      throw error
    }
  }

  #fileOf(room: string, key: string): string {
    // Told apart by the hash alone, which has no case, no separators and one length; the words are for people.
    const hash = createHash('sha256').update(`${room.length}:${room}/${key}`).digest('hex').slice(0, 40)
    return join(this.#directory, `${words(room)}.${words(key)}.${hash}.room`)
  }
}

/** A disk that is full is said to be so, by name. */
function named(error: unknown, file: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT')) return error
  return new StoreError(
    'full',
    `The disk is full: ${file} could not be written. What was saved before is still there. Make room on the disk; ` +
      'nothing has to be restarted',
    { cause: error },
  )
}

function words(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 32)
      .replace(/^-|-$/g, '') || 'room'
  )
}

function previous(file: string): string {
  return `${file}.previous`
}

function temporary(file: string): string {
  return `${file}.new`
}
