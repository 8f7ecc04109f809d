import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { conflict, fileChanged } from './conflict.ts'
import { diskFiles, hasCode, type Files } from './files.ts'
import { KeyQueue } from './key-queue.ts'
import { endsAt, readRoomFile, record, roomFile, type FileEnd } from './room-file.ts'
import { Slots } from './slots.ts'
import { StoreDirectory } from './store-directory.ts'
import { StoreError } from './store-error.ts'
import { Store } from './store.ts'

/** Files of which it is known how they end. */
const mostRemembered = 10_000

/**
 * Rooms that are written at once, and as many that are read: each has one file open at a time. A process may often open no more than
 * 1,024 files, connections included, and the system does not write more at once anyway.
 */
const mostAtOnce = 32

/** How a file ends that this process has read or written last. */
type Known = FileEnd | 'absent'

/**
 * Keeps each room in a file of one directory. Saving a room as a whole writes a new file, forces it to the disk, and only then puts it
 * in the place of the old one, which stays beside it (`.previous`). Increments are added at the end of the file, and
 * forced to the disk. All that is written carries checksums: what was not finished when the process or the machine ended is
 * left out, and where the newest file is damaged, the previous one is loaded.
 *
 * For one process at a time. Where two use a directory, the one that finds a file otherwise than it has left it fails with `conflict`.
 */
export class FileStore extends Store {
  override readonly incremental = true
  readonly #directory: StoreDirectory
  readonly #files: Files
  /** The operations of each room, by file. */
  readonly #queue = new KeyQueue()
  readonly #writing = new Slots(mostAtOnce)
  /** Of their own: whoever waits for a room shall not wait until all others are saved. */
  readonly #reading = new Slots(mostAtOnce)
  /** The files that are known to be sound, and fit to become the previous one, or not to be there. */
  readonly #known = new Map<string, Known>()

  /**
   * @param directory Made when it is not there, at the first save.
   * @param files What it is done with. Default: the disk.
   */
  constructor(directory: string, files: Files = diskFiles) {
    super()
    this.#directory = new StoreDirectory(directory, files)
    this.#files = files
  }

  override load(
    room: string,
    key: string,
    damaged: (what: string) => void = () => {},
  ): Promise<readonly Uint8Array[] | undefined> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, () => this.#reading.run(() => this.#load(file, room, key, damaged)))
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    return this.#write(room, key, (file) => this.#save(file, roomFile(room, key, bytes)))
  }

  override append(room: string, key: string, base: number, bytes: Uint8Array): Promise<void> {
    return this.#write(room, key, async (file) => {
      const found = await this.#endOf(file)
      if (found === undefined || base < 1 || found.end.pieces !== base) {
        throw conflict(room, key, base, found?.end.pieces ?? 0)
      }
      await this.#append(file, found, bytes)
    })
  }

  override delete(room: string, key: string): Promise<void> {
    return this.#write(room, key, async (file) => {
      this.#known.delete(file)
      // The newest last, when the others are gone for good: otherwise an end in between could bring back the previous one.
      await this.#files.remove(temporary(file))
      await this.#files.remove(previous(file))
      await this.#directory.sync()
      await this.#files.remove(file)
      await this.#directory.sync()
    })
  }

  #write(room: string, key: string, work: (file: string) => Promise<void>): Promise<void> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, () => this.#writing.run(() => work(file)))
  }

  async #load(
    file: string,
    room: string,
    key: string,
    damaged: (what: string) => void,
  ): Promise<readonly Uint8Array[] | undefined> {
    this.#known.delete(file)
    const faults: string[] = []
    for (const candidate of [file, previous(file)]) {
      const content = await this.#files.read(candidate)
      if (!content) {
        if (candidate === file) this.#remember(file, 'absent')
        continue
      }
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
      for (const fault of faults) damaged(`the version before it is used. ${fault}`)
      if (found.rest === 'damaged') {
        damaged(
          `what was saved before that is used. ${candidate}: ` +
            `${content.length - found.end.at} bytes behind byte ${found.end.at} are lost`,
        )
      } else if (found.rest === 'nothing' && candidate === file) this.#remember(file, found.end)
      return found.pieces
    }
    if (faults.length === 0) return undefined
    throw new StoreError('damaged', `The saved room cannot be read, and nothing was changed. ${faults.join('; ')}`)
  }

  async #save(file: string, { content, end }: { readonly content: Uint8Array; readonly end: FileEnd }): Promise<void> {
    const fresh = temporary(file)
    try {
      await this.#directory.write(() => this.#writeWhole(fresh, content))
      const known = this.#known.get(file)
      // Whatever fails from now on, nothing is known of it.
      this.#known.delete(file)
      // A damaged newest must not push the good previous one away.
      if (await this.#isSound(file, known)) await this.#files.rename(file, previous(file))
      await this.#files.rename(fresh, file)
      await this.#directory.sync()
    } catch (error) {
      // It takes place on a disk that may be full.
      await this.#files.remove(fresh).catch(() => {})
      throw named(error, file)
    }
    this.#remember(file, end)
  }

  async #writeWhole(file: string, content: Uint8Array): Promise<void> {
    const open = await this.#files.open(file, 'empty')
    try {
      await open.write(content, 0)
      await open.sync()
    } finally {
      await open.close()
    }
  }

  async #append(
    file: string,
    { end, unfinished }: { readonly end: FileEnd; readonly unfinished: boolean },
    bytes: Uint8Array,
  ): Promise<void> {
    const next = record(end, bytes)
    // Until it is known what has become of it, the file has to be looked at again.
    this.#known.delete(file)
    try {
      const open = await this.#files.open(file, 'stands')
      try {
        if (unfinished) await open.truncate(end.at)
        else if (!(await endsAt(open, end))) throw fileChanged(file)
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
      throw hasCode(error, 'ENOENT') ? fileChanged(file) : named(error, file)
    }
    this.#remember(file, next.end)
  }

  /** Where an increment belongs; nothing when the file is not there, or damaged. */
  async #endOf(file: string): Promise<{ readonly end: FileEnd; readonly unfinished: boolean } | undefined> {
    const known = this.#known.get(file)
    if (known === 'absent') return undefined
    if (known !== undefined) return { end: known, unfinished: false }
    const content = await this.#files.read(file)
    const found = content && readRoomFile(content)
    if (typeof found !== 'object' || found.rest === 'damaged') return undefined
    return { end: found.end, unfinished: found.rest === 'unfinished' }
  }

  /**
   * Whether the file may become the previous one.
   *
   * @throws StoreError `conflict` when it is there, and not as it is known.
   */
  async #isSound(file: string, known: Known | undefined): Promise<boolean> {
    if (known === undefined) return (await this.#endOf(file)) !== undefined
    let open
    try {
      open = await this.#files.open(file, 'stands')
    } catch (error) {
      // Nothing is lost by writing it anew.
      if (hasCode(error, 'ENOENT')) return false
      throw error
    }
    try {
      if (known !== 'absent' && (await endsAt(open, known))) return true
    } finally {
      await open.close()
    }
    throw fileChanged(file)
  }

  #remember(file: string, known: Known): void {
    // Forgetting costs a look into the file, remembering for ever would cost memory.
    if (this.#known.size >= mostRemembered) this.#known.clear()
    this.#known.set(file, known)
  }

  #fileOf(room: string, key: string): string {
    // Told apart by the hash alone, which has no case, no separators and one length; the words are for people. As JSON, because
    // UTF-8 does not tell apart half surrogate pairs.
    const hash = createHash('sha256')
      .update(JSON.stringify([room, key]))
      .digest('hex')
      .slice(0, 40)
    return join(this.#directory.path, `${words(room)}.${words(key)}.${hash}.room`)
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
