import { mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A file that is read or written in places. */
export interface OpenFile {
  /** So many bytes from a position; fewer where the file ends before. */
  read(at: number, length: number): Promise<Uint8Array>
  /** Writes at a position, all of it. */
  write(bytes: Uint8Array, at: number): Promise<void>
  /** Cuts off what is behind. */
  truncate(length: number): Promise<void>
  /** Resolves when all that was written survives a power cut. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** What a {@link FileStore} does with files. Another one stands here in tests: a disk that is full, or that loses its power. */
export interface Files {
  /** All of a file; `undefined` when it is not there. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Opens a file for writing: `empty`, made if need be, or as it `stands`; rejects with the code ENOENT where there is none. */
  open(path: string, how: 'empty' | 'stands'): Promise<OpenFile>
  /** Replaces what has the new name, atomically. */
  rename(from: string, to: string): Promise<void>
  /** Also when it is not there. */
  remove(path: string): Promise<void>
  /** With all above it; the new entries survive a power cut. */
  makeDirectory(path: string): Promise<void>
  /** New, renamed and removed files survive a power cut only once their directory is on the disk, too. */
  syncDirectory(path: string): Promise<void>
}

/** The disk of this machine. */
export const diskFiles: Files = {
  async read(path) {
    try {
      return await readFile(path)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    }
  },
  open: async (path, how) => new DiskFile(await open(path, how === 'empty' ? 'w' : 'r+')),
  rename,
  remove: (path) => rm(path, { force: true }),
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true })
    if (first === undefined) return
    // The entry of each one that is new stands in the one above.
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made))
  },
  syncDirectory,
}

/** Whether an error comes from the system with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}

class DiskFile implements OpenFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, at + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes.subarray(0, done)
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      // A disk that is nearly full takes a part.
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at + done)
      done += bytesWritten
    }
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  sync(): Promise<void> {
    return this.#handle.sync()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories, and needs no such thing.
  if (process.platform === 'win32') return
  let handle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
