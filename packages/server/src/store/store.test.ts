import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeSuite } from '@junto/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FileStore } from './file-store.ts'
import { MemoryStore } from './memory-store.ts'

describe('the memory store', () => {
  for (const { name, run } of storeSuite(() => ({ store: new MemoryStore() }))) test(name, run)
})

describe('the file store', () => {
  const suite = storeSuite(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'junto-store-'))
    const inside = join(directory, 'made', 'when needed')
    return {
      store: new FileStore(inside),
      reopen: () => new FileStore(inside),
      close: () => rm(directory, { recursive: true }),
    }
  })
  for (const { name, run } of suite) test(name, run)
})

describe('the files of a file store', () => {
  let directory: string
  let reports: string[]

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'junto-store-'))
    reports = []
  })
  afterEach(() => rm(directory, { recursive: true }))

  const open = () => new FileStore(directory)
  const read = async (store = open()) =>
    (await store.load('board', 'a', (what) => void reports.push(what)))
      ?.map((piece) => new TextDecoder().decode(piece))
      .join(', ')
  const append = (base: number, text: string, store = open()) =>
    store.append('board', 'a', base, new TextEncoder().encode(text))
  const save = (text: string, store = open()) => store.save('board', 'a', new TextEncoder().encode(text))
  const file = async () => join(directory, (await readdir(directory)).find((name) => name.endsWith('.room')) ?? '')

  test('have names that say what they hold, of a bounded length, and stay in their directory', async () => {
    const store = open()
    await store.save('Board', '../../Team A', new Uint8Array())
    await store.save('Board', `${'x'.repeat(500)}/`, new Uint8Array())
    const names = await readdir(directory)
    expect(names).toContainEqual(expect.stringMatching(/^board\.team-a\.[0-9a-f]{40}\.room$/))
    for (const name of names) expect(name.length).toBeLessThan(128)
  })

  test('leave nothing behind but the room and its previous version', async () => {
    await save('one')
    await save('two')
    await save('three')
    const names = await readdir(directory)
    expect(new Set(names.map((name) => name.split('.').at(-1)))).toEqual(new Set(['previous', 'room']))
  })

  test('torn at any length: the previous version is used, and said to be', async () => {
    await save('the first')
    await save('the second')
    const whole = await readFile(await file())
    for (let length = 0; length < whole.length; length++) {
      await writeFile(await file(), whole.subarray(0, length))
      expect(await read()).toBe('the first')
    }
    expect(reports).toHaveLength(whole.length)
    expect(reports[0]).toContain('the version before it is used')
  })

  test('with any byte changed: noticed', async () => {
    await save('the first')
    await save('the second')
    const whole = await readFile(await file())
    for (let at = 0; at < whole.length; at++) {
      const damaged = Uint8Array.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      await writeFile(await file(), damaged)
      expect(await read()).toBe('the first')
    }
  })

  test('an increment that was cut off at any length: left out, and the next one takes its place', async () => {
    await save('one')
    await append(1, 'two')
    const before = (await readFile(await file())).length
    await append(2, 'three')
    const whole = await readFile(await file())
    for (let length = before; length < whole.length; length++) {
      // Also where the file has its length, and the bytes are not there.
      for (const rest of [0, whole.length - length]) {
        await writeFile(await file(), Buffer.concat([whole.subarray(0, length), new Uint8Array(rest)]))
        expect(await read()).toBe('one, two')
        await append(2, 'THREE')
        expect(await read()).toBe('one, two, THREE')
      }
    }
    expect(reports).toEqual([])
  })

  test('increments with any byte changed: what stands before is used, and said to be', async () => {
    await save('one')
    await append(1, 'two')
    const before = (await readFile(await file())).length
    await append(2, 'three')
    const damaged = (await readFile(await file())).length
    await append(3, 'four')
    const whole = await readFile(await file())
    for (let at = before; at < damaged; at++) {
      const bytes = Uint8Array.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await writeFile(await file(), bytes)
      expect(await read()).toBe('one, two')
      // Nothing is added behind what is damaged.
      await expect(append(2, 'THREE')).rejects.toMatchObject({ fault: 'conflict' })
    }
    expect(reports).toHaveLength(damaged - before)
    expect(reports[0]).toContain('what was saved before that is used')
    await save('new')
    await append(1, 'more')
    expect(await read()).toBe('new, more')
  })

  test('the previous version is kept with its increments', async () => {
    await save('one')
    await append(1, 'two')
    await save('three')
    await append(1, 'four')
    await truncate(await file(), 50)
    expect(await read()).toBe('one, two')
  })

  test('an increment in the place of another, or from another file, is noticed', async () => {
    await save('one')
    await append(1, 'two')
    const end = (await readFile(await file())).length
    await append(2, 'six')
    const whole = await readFile(await file())
    const twice = Buffer.concat([whole, whole.subarray(end)])
    await writeFile(await file(), twice)
    expect(await read()).toBe('one, two, six')
    const left = Buffer.concat([whole.subarray(0, end - 23), whole.subarray(end)])
    await writeFile(await file(), left)
    expect(await read()).toBe('one')
  })

  test('saving over a torn file keeps the good previous one until the new one stands', async () => {
    await save('the first')
    await save('the second')
    await truncate(await file(), 20)
    await save('the third')
    expect(await read()).toBe('the third')
    await truncate(await file(), 20)
    expect(await read()).toBe('the first')
  })

  test('a process that ends between the two renames loses nothing', async () => {
    await save('the first')
    await save('the second')
    // What the disk then holds: the newest moved away, the fresh one not yet in its place.
    const newest = await file()
    await rename(newest, `${newest}.previous`)
    await writeFile(`${newest}.new`, 'half of a save that nobody was told of')
    expect(await read()).toBe('the second')
    await save('the third')
    expect(await read()).toBe('the third')
  })

  test('both versions damaged: an error that names the files, and no room that begins anew', async () => {
    await save('the first')
    await save('the second')
    const newest = await file()
    await truncate(newest, 60)
    await truncate(`${newest}.previous`, 10)
    await expect(read()).rejects.toThrow(
      /cannot be read, and nothing was changed.*cut off after 60 bytes.*cut off after 10 bytes/,
    )
    await save('a new beginning')
    expect(await read()).toBe('a new beginning')
  })

  test('a directory that cannot be written is a rejection, and works once it can', async () => {
    const path = join(directory, 'sub')
    await writeFile(path, 'in the way')
    const store = new FileStore(path)
    await expect(save('one', store)).rejects.toThrow()
    await rm(path)
    await save('two', store)
    expect(await read(store)).toBe('two')
  })
})
