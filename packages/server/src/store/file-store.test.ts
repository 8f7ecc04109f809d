import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FileStore } from './file-store.ts'
import { diskFiles, type Files, type OpenFile } from './files.ts'

let directory: string
let reports: string[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'junto-store-'))
  reports = []
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = async (store = new FileStore(directory), key = 'a') =>
  (await store.load('board', key, (what) => void reports.push(what)))
    ?.map((piece) => new TextDecoder().decode(piece))
    .join(', ')
const save = (store: FileStore, text: string, key = 'a') => store.save('board', key, bytes(text))
const append = (store: FileStore, base: number, text: string) => store.append('board', 'a', base, bytes(text))
const file = async () => join(directory, (await readdir(directory)).find((name) => name.endsWith('.room')) ?? '')

describe('a folder that goes away under a store', () => {
  test('is made again by the next whole save, of a room that was saved before and of a new one', async () => {
    const store = new FileStore(directory)
    await save(store, 'one')
    await rm(directory, { recursive: true })
    await save(store, 'two')
    await rm(directory, { recursive: true })
    await Promise.all([save(store, 'three'), save(store, 'other', 'b')])
    expect(await read()).toBe('three')
    expect(await read(undefined, 'b')).toBe('other')
  })

  test('leaves increments without what they build upon: a conflict, and whole saves go through', async () => {
    const store = new FileStore(directory)
    await save(store, 'one')
    await rm(directory, { recursive: true })
    await expect(append(store, 1, 'two')).rejects.toMatchObject({ fault: 'conflict' })
    await save(store, 'one and two')
    await append(store, 1, 'three')
    expect(await read()).toBe('one and two, three')
  })
})

describe('two stores on one folder', () => {
  test('an increment behind what the other has added: a conflict, and what was safe stays', async () => {
    const [a, b] = [new FileStore(directory), new FileStore(directory)]
    await save(a, 'one')
    await read(b)
    await append(b, 1, 'two')
    await expect(append(a, 1, 'TWO')).rejects.toMatchObject({
      fault: 'conflict',
      message: expect.stringMatching(/\.room is not as this store has left it.*does another server/),
    })
    expect(await read()).toBe('one, two')
  })

  test('an increment behind a whole of the other, of the same length: a conflict', async () => {
    const [a, b] = [new FileStore(directory), new FileStore(directory)]
    await save(a, 'one')
    await read(b)
    await save(b, 'two')
    await expect(append(a, 1, '+')).rejects.toMatchObject({ fault: 'conflict' })
    expect(await read()).toBe('two')
  })

  test('a whole over what the other has written: a conflict once, then it is written', async () => {
    const [a, b] = [new FileStore(directory), new FileStore(directory)]
    await save(a, 'one')
    await read(b)
    await append(b, 1, 'two')
    await expect(save(a, 'ONE')).rejects.toMatchObject({ fault: 'conflict' })
    expect(await read()).toBe('one, two')
    expect(await readdir(directory)).toHaveLength(1)
    await save(a, 'ONE')
    expect(await read()).toBe('ONE')
    await expect(append(b, 2, 'three')).rejects.toMatchObject({ fault: 'conflict' })
  })

  test('both begin a room that neither found: the second one is told', async () => {
    const [a, b] = [new FileStore(directory), new FileStore(directory)]
    expect(await read(a)).toBe(undefined)
    expect(await read(b)).toBe(undefined)
    await save(a, 'one')
    await expect(save(b, 'ONE')).rejects.toMatchObject({ fault: 'conflict' })
    expect(await read()).toBe('one')
  })

  test('loading again is knowing again: no conflict', async () => {
    const [a, b] = [new FileStore(directory), new FileStore(directory)]
    await save(a, 'one')
    await read(b)
    await append(b, 1, 'two')
    expect(await read(a)).toBe('one, two')
    await append(a, 2, 'three')
    await read(b)
    await save(b, 'four')
    expect(await read()).toBe('four')
    expect(reports).toEqual([])
  })
})

describe('a file with increments', () => {
  test('any bit that is flipped anywhere behind the whole is reported, also in lengths and in the last one', async () => {
    const store = new FileStore(directory)
    await save(store, 'one')
    const whole = (await readFile(await file())).length
    const ends = [whole]
    for (const [base, text] of ['two', 'three', 'zeros at its end\0\0\0'].entries()) {
      await append(store, base + 1, text)
      ends.push((await readFile(await file())).length)
    }
    const sound = await readFile(await file())
    const texts = ['one', 'one, two', 'one, two, three']
    for (let at = whole; at < sound.length; at++) {
      for (let bit = 1; bit < 256; bit *= 2) {
        const damaged = Uint8Array.from(sound)
        damaged[at] = (damaged[at] ?? 0) ^ bit
        await writeFile(await file(), damaged)
        reports = []
        expect(await read()).toBe(texts[ends.findLastIndex((end) => end <= at)])
        expect(reports).toHaveLength(1)
        expect(reports[0]).toMatch(/bytes behind byte \d+ are lost/)
      }
    }
  })

  test('one that was being written when the power failed is left out without a word', async () => {
    const store = new FileStore(directory)
    await save(store, 'one')
    const before = (await readFile(await file())).length
    await append(store, 1, 'two')
    const sound = await readFile(await file())
    for (let length = before; length < sound.length; length++) {
      // Also where the file has its length, or more of it, and the bytes are not there.
      for (const size of [length, sound.length, sound.length + 30]) {
        const torn = new Uint8Array(size)
        torn.set(sound.subarray(0, length))
        await writeFile(await file(), torn)
        expect(await read()).toBe('one')
      }
    }
    expect(reports).toEqual([])
  })

  test('a damaged newest file: the one before it is used, and the report names both', async () => {
    const store = new FileStore(directory)
    await save(store, 'one')
    await save(store, 'two')
    await writeFile(await file(), 'nonsense')
    expect(await read()).toBe('one')
    expect(reports).toEqual([expect.stringMatching(/the version before it is used.*\.room: /)])
  })
})

test('names that UTF-8 cannot tell apart are different rooms', async () => {
  const store = new FileStore(directory)
  await save(store, 'one', '\ud800')
  await save(store, 'two', '\ud801')
  expect(await read(store, '\ud800')).toBe('one')
  expect(await read(store, '\ud801')).toBe('two')
})

describe('however many rooms are saved, loaded and removed at once,', () => {
  test('only so many files are open at a time, and all is done', async () => {
    const counted = new CountedFiles()
    const store = new FileStore(directory, counted)
    const keys = Array.from({ length: 300 }, (_, index) => `${index}`)
    await Promise.all(keys.map((key) => save(store, `one of ${key}`, key)))
    await Promise.all(
      keys.flatMap<Promise<unknown>>((key, index) => [
        store.append('board', key, 1, bytes('more')),
        save(store, `two of ${key}`, key),
        read(store, key),
        ...(index % 2 === 0 ? [store.delete('board', key)] : []),
      ]),
    )
    expect(await Promise.all(keys.map((key) => read(store, key)))).toEqual(
      keys.map((key, index) => (index % 2 === 0 ? undefined : `two of ${key}`)),
    )
    expect(counted.most).toBeGreaterThan(8)
    expect(counted.most).toBeLessThanOrEqual(64)
    expect(counted.current).toBe(0)
  })

  test('one that is loaded does not wait for all that are saved', async () => {
    await save(new FileStore(directory), 'one')
    const counted = new CountedFiles()
    const store = new FileStore(directory, counted)
    let saved = 0
    const saving = Promise.all(
      Array.from({ length: 300 }, (_, index) => save(store, 'x', `${index}`).then(() => saved++)),
    )
    expect(await read(store)).toBe('one')
    expect(saved).toBeLessThan(150)
    await saving
  })
})

/** The disk, and how many of its files are open. */
class CountedFiles implements Files {
  current = 0
  most = 0

  rename(from: string, to: string): Promise<void> {
    return diskFiles.rename(from, to)
  }

  remove(path: string): Promise<void> {
    return diskFiles.remove(path)
  }

  makeDirectory(path: string): Promise<void> {
    return diskFiles.makeDirectory(path)
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.#while(() => diskFiles.read(path))
  }

  syncDirectory(path: string): Promise<void> {
    return this.#while(() => diskFiles.syncDirectory(path))
  }

  async open(path: string, how: 'empty' | 'stands'): Promise<OpenFile> {
    this.#opened()
    try {
      const file = await diskFiles.open(path, how)
      return {
        read: (at, length) => file.read(at, length),
        write: (content, at) => file.write(content, at),
        truncate: (length) => file.truncate(length),
        sync: () => file.sync(),
        close: () => file.close().finally(() => this.current--),
      }
    } catch (error) {
      this.current--
      throw error
    }
  }

  #opened(): void {
    this.most = Math.max(this.most, ++this.current)
  }

  async #while<T>(work: () => Promise<T>): Promise<T> {
    this.#opened()
    try {
      return await work()
    } finally {
      this.current--
    }
  }
}
