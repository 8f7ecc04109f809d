import { hasCode, type Files } from './files.ts'

/** A directory that is made when something is first written to it, and again when it has gone since: cleaned up, or lost with a mount. */
export class StoreDirectory {
  readonly path: string
  readonly #files: Files
  #made: Promise<void> | undefined

  constructor(path: string, files: Files) {
    this.path = path
    this.#files = files
  }

  /** Writes into it. The work is done once more when the directory is not there any more. */
  async write(work: () => Promise<void>): Promise<void> {
    try {
      await this.#write(work)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      await this.#write(work)
    }
  }

  /** What is new in it, or has another name, survives a power cut. */
  sync(): Promise<void> {
    return this.#files.syncDirectory(this.path)
  }

  async #write(work: () => Promise<void>): Promise<void> {
    // One promise for all who write: it is not enough that the directory is there, it has to survive a power cut, too.
    const made = (this.#made ??= this.#files.makeDirectory(this.path))
    try {
      await made
      await work()
    } catch (error) {
      if (this.#made === made) this.#made = undefined
      throw error
    }
  }
}
