import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { frameRecord, readRecord } from './file-record.ts'
import { KeyQueue } from './key-queue.ts'
import type { Logger } from '../observe/log.ts'
import { Store } from './store.ts'

/** Files of which it is known that they are sound. */
const mostRemembered = 10_000

/**
 * Keeps each room in a file of one directory. Saving writes a new file, forces it to the disk, and only then puts it in
 * the place of the old one, which stays beside it (`.previous`). Each file carries a checksum; where the newest is
 * damaged, the previous one is loaded.
 *
 * For one process at a time.
 */
export class FileStore extends Store {
  readonly #directory: string
  readonly #logger: Logger | undefined
  /** The operations of each room, by file. */
  readonly #queue = new KeyQueue()
  /** Files that this process has read or written whole: fit to become the previous one. */
  readonly #sound = new Set<string>()
  #made: Promise<void> | undefined

  /**
   * @param directory Made when it is not there, at the first save.
   * @param logger Is told of damaged files.
   */
  constructor(directory: string, logger?: Logger) {
    super()
    this.#directory = directory
    this.#logger = logger
  }

  override load(room: string, key: string): Promise<Uint8Array | undefined> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, () => this.#load(file, room, key))
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, () => this.#save(file, frameRecord(room, key, bytes)))
  }

  override delete(room: string, key: string): Promise<void> {
    const file = this.#fileOf(room, key)
    return this.#queue.run(file, async () => {
      this.#sound.delete(file)
      // The newest last: were it the first, an end in between would bring back the previous one.
      await rm(temporary(file), { force: true })
      await rm(previous(file), { force: true })
      await rm(file, { force: true })
      await syncDirectory(this.#directory)
    })
  }

  async #load(file: string, room: string, key: string): Promise<Uint8Array | undefined> {
    const faults: string[] = []
    for (const candidate of [file, previous(file)]) {
      const content = await readIfThere(candidate)
      if (!content) continue
      const record = readRecord(content)
      if (typeof record === 'string') {
        faults.push(`${candidate}: ${record}`)
        continue
      }
      if (record.room !== room || record.key !== key) {
        throw new Error(`${candidate} holds another room (${record.room}, key ${JSON.stringify(record.key)})`)
      }
      if (candidate === file) this.#markSound(file)
      for (const fault of faults)
        this.#logger?.warn(`A saved room is damaged, and the version before it is used. ${fault}`)
      return record.bytes
    }
    if (faults.length === 0) return undefined
    throw new Error(`The saved room cannot be read, and nothing was changed. ${faults.join('; ')}`)
  }

  async #save(file: string, content: Uint8Array): Promise<void> {
    await this.#makeDirectory()
    const fresh = temporary(file)
    await writeDurably(fresh, content)
    // A damaged newest must not push the good previous one away.
    if (await this.#isSound(file)) await rename(file, previous(file))
    await rename(fresh, file)
    this.#markSound(file)
    await syncDirectory(this.#directory)
  }

  #markSound(file: string): void {
    // Forgetting costs a look into the file, remembering for ever would cost memory.
    if (this.#sound.size >= mostRemembered) this.#sound.clear()
    this.#sound.add(file)
  }

  async #isSound(file: string): Promise<boolean> {
    if (this.#sound.has(file)) return true
    const content = await readIfThere(file)
    return content !== undefined && typeof readRecord(content) !== 'string'
  }

  async #makeDirectory(): Promise<void> {
    this.#made ??= mkdir(this.#directory, { recursive: true }).then(async (first) => {
      // The new directory's own entry stands in its parent.
      if (first !== undefined) await syncDirectory(join(first, '..'))
    })
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

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function writeDurably(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A renamed file survives a power cut only once its directory is on the disk, too. */
async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories, and needs no such thing.
  if (process.platform === 'win32') return
  let handle
  try {
    handle = await open(directory, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
