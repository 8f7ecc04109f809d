import { dirname } from 'node:path'
import type { SeededRandom } from '@junto/testing'
import type { Files, OpenFile } from './files.ts'

/** What is told apart from its name: a file that was renamed is the same one. */
interface FileBody {
  /** As a program sees it. */
  seen: Uint8Array
  /** What a power cut leaves for certain. */
  safe: Uint8Array
}

/** What a directory says of a name: nothing when the file is removed. */
interface Entry {
  readonly name: string
  readonly body: FileBody | undefined
}

/**
 * A disk that loses what it was not told to keep, as disks do that lose their power: of bytes that were not synced, some of what was
 * written is there afterwards, or zeros; of entries that were not synced, the first so many changes. It can be full as well, or fail
 * just once.
 */
export class FragileDisk implements Files {
  /** How many operations there were. */
  operations = 0
  /** Before which operation the power fails. */
  diesAt = Infinity
  /** Which operation fails with an error, once. */
  failsAt = Infinity
  /** Bytes that still fit. */
  space = Infinity
  readonly #random: SeededRandom
  #seen = new Map<string, FileBody>()
  #safe = new Map<string, FileBody>()
  /** Changes of the directory that are not on the disk yet; of each, all or nothing will be. */
  #changes: (readonly Entry[])[] = []
  #dead = false
  #die: () => void = () => {}
  /** Resolves when the power fails. From then on nothing has an effect, and nobody gets an answer. */
  death: Promise<void> = new Promise((resolve) => (this.#die = resolve))

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** The power is back: what there is now, a new process sees. */
  restart(): void {
    const kept = this.#random.integer(0, this.#changes.length)
    for (const change of this.#changes.slice(0, kept)) apply(this.#safe, change)
    this.#changes = []
    this.#seen = new Map(this.#safe)
    for (const body of new Set(this.#seen.values())) {
      body.seen = this.#afterCut(body)
      body.safe = body.seen
    }
    this.#dead = false
    this.diesAt = Infinity
    this.death = new Promise((resolve) => (this.#die = resolve))
  }

  /** The names of the files that are there. */
  get names(): string[] {
    return [...this.#seen.keys()].toSorted()
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    await this.#step()
    return this.#seen.get(path)?.seen.slice()
  }

  async open(path: string, how: 'empty' | 'stands'): Promise<OpenFile> {
    await this.#step()
    let body = this.#seen.get(path)
    if (body === undefined) {
      if (how === 'stands') throw Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' })
      body = { seen: new Uint8Array(), safe: new Uint8Array() }
      this.#change({ name: path, body })
    } else if (how === 'empty') body.seen = new Uint8Array()
    return this.#opened(body)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step()
    const body = this.#seen.get(from)
    if (body === undefined) throw Object.assign(new Error(`there is no ${from}`), { code: 'ENOENT' })
    this.#change({ name: to, body }, { name: from, body: undefined })
  }

  async remove(path: string): Promise<void> {
    await this.#step()
    if (this.#seen.has(path)) this.#change({ name: path, body: undefined })
  }

  async makeDirectory(): Promise<void> {
    await this.#step()
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#step()
    for (const change of this.#changes) apply(this.#safe, change)
    this.#changes = []
    if ([...this.#seen.keys()].some((name) => dirname(name) !== path)) throw new Error('Another directory was synced')
  }

  #opened(body: FileBody): OpenFile {
    return {
      read: async (at, length) => {
        await this.#step()
        return body.seen.slice(at, at + length)
      },
      write: async (bytes, at) => {
        await this.#step()
        const fits = bytes.subarray(0, Math.max(0, this.space - Math.max(0, at - body.seen.length)))
        this.space -= Math.max(0, at + fits.length - body.seen.length)
        const grown = new Uint8Array(Math.max(body.seen.length, at + fits.length))
        grown.set(body.seen)
        grown.set(fits, at)
        body.seen = grown
        if (fits.length < bytes.length) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      },
      truncate: async (length) => {
        await this.#step()
        this.space += Math.max(0, body.seen.length - length)
        body.seen = body.seen.slice(0, length)
      },
      sync: async () => {
        await this.#step()
        body.safe = body.seen
      },
      close: async () => {},
    }
  }

  #change(...entries: readonly Entry[]): void {
    apply(this.#seen, entries)
    this.#changes.push(entries)
  }

  /** Some of what was not synced, from somewhere on zeros: a file may have grown before its bytes were written. */
  #afterCut({ seen, safe }: FileBody): Uint8Array {
    if (seen === safe) return safe
    const length = this.#random.integer(Math.min(seen.length, safe.length), Math.max(seen.length, safe.length))
    const left = new Uint8Array(length)
    left.set(safe.subarray(0, length))
    const written = this.#random.integer(0, Math.min(length, seen.length))
    left.set(seen.subarray(0, written))
    return left
  }

  async #step(): Promise<void> {
    // So that operations of several rooms get between each other.
    await Promise.resolve()
    if (this.#dead) return new Promise(() => {})
    this.operations++
    if (this.operations >= this.diesAt) {
      this.#dead = true
      this.#die()
      return new Promise(() => {})
    }
    if (this.operations === this.failsAt) throw Object.assign(new Error('input/output error'), { code: 'EIO' })
  }
}

function apply(names: Map<string, FileBody>, change: readonly Entry[]): void {
  for (const { name, body } of change) {
    if (body === undefined) names.delete(name)
    else names.set(name, body)
  }
}
