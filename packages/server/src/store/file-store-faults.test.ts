import { runs, SeededRandom } from '@junto/testing'
import fc from 'fast-check'
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FileStore } from './file-store.ts'
import { FragileDisk } from './fragile-disk.fixture.ts'
import { StoreError } from './store-error.ts'

/** One room in a store on a disk that may fail, and what must be in there. */
class Subject {
  readonly disk: FragileDisk
  store: FileStore
  /** What the last call that resolved has left. */
  sure: readonly string[] = []
  /** What calls since then may have left. */
  possible: (readonly string[])[] = []
  #count = 0

  constructor(seed: number) {
    this.disk = new FragileDisk(new SeededRandom(seed))
    this.store = this.#open()
  }

  /** Saves as a server does: an increment where it may build upon what is there, and as a whole after any failure. */
  async save(whole: boolean, size: number): Promise<void> {
    const text = `${++this.#count}`.padEnd(size, '.')
    const base = this.possible.length > 0 || whole ? 0 : this.sure.length
    const pieces = base === 0 ? [text] : [...this.sure, text]
    this.possible.push(pieces)
    const bytes = new TextEncoder().encode(text)
    await (base === 0 ? this.store.save('board', 'a', bytes) : this.store.append('board', 'a', base, bytes))
    this.#settled(pieces)
  }

  async delete(): Promise<void> {
    this.possible.push([])
    await this.store.delete('board', 'a')
    this.#settled([])
  }

  async load(): Promise<readonly string[]> {
    const pieces = (await this.store.load('board', 'a')) ?? []
    return pieces.map((piece) => new TextDecoder().decode(piece))
  }

  /** The power is back, and a new process looks at what is there: it must be what was said to be safe, or something later. */
  async restart(): Promise<void> {
    this.disk.restart()
    this.store = this.#open()
    const found = await this.load()
    expect([this.sure, ...this.possible]).toContainEqual(found)
    this.#settled(found)
  }

  #settled(pieces: readonly string[]): void {
    this.sure = pieces
    this.possible = []
  }

  #open(): FileStore {
    return new FileStore('/rooms', this.disk)
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('save'), whole: fc.boolean(), size: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant({ does: 'delete', whole: false, size: 0 }) },
)

/** Goes on until the power fails; a call that fails alone is none to stop at. */
async function play(subject: Subject, steps: readonly { does: string; whole: boolean; size: number }[]): Promise<void> {
  for (const { does, whole, size } of steps) {
    await (does === 'delete' ? subject.delete() : subject.save(whole, size)).catch(() => {})
  }
}

describe('whatever the disk does,', () => {
  test('what was said to be saved is there after the power failed at any moment, again and again', async () => {
    let cuts = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.tuple(fc.array(step, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 40 })), {
          minLength: 1,
          maxLength: 4,
        }),
        async (seed, lives) => {
          const subject = new Subject(seed)
          for (const [steps, operations] of lives) {
            subject.disk.diesAt = subject.disk.operations + operations
            const outcome = await Promise.race([
              play(subject, steps).then(() => 'through'),
              subject.disk.death.then(() => 'cut'),
            ])
            if (outcome === 'cut') cuts++
            await subject.restart()
          }
        },
      ),
      runs(500),
    )
    expect(cuts).toBeGreaterThan(300)
  })

  test('an operation that fails, whichever, costs that call alone, and the next whole save goes through', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.nat(60),
        async (seed, steps, at) => {
          const subject = new Subject(seed)
          subject.disk.failsAt = at + 1
          await play(subject, steps)
          subject.disk.failsAt = Infinity
          expect([subject.sure, ...subject.possible]).toContainEqual(await subject.load())
          await subject.save(true, 10)
          await subject.save(false, 10)
          expect(await subject.load()).toEqual(subject.sure)
          expect(subject.sure).toHaveLength(2)
          expect(subject.disk.names.filter((name) => name.endsWith('.new'))).toEqual([])
          await subject.restart()
        },
      ),
      runs(300),
    )
  })

  test('a disk that is full, at any length, is named, keeps what was saved, and is left as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), fc.nat(300), async (seed, whole, space) => {
        const subject = new Subject(seed)
        await subject.save(true, 100)
        await subject.save(false, 100)
        subject.disk.space = space
        const before = await subject.load()
        const refused = await subject.save(whole, 400).catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(StoreError)
        expect(refused).toMatchObject({ fault: 'full', message: expect.stringMatching(/^The disk is full: \/rooms/) })
        expect(await subject.load()).toEqual(before)
        // What was half written gives its place back.
        expect(subject.disk.names.filter((name) => name.endsWith('.new'))).toEqual([])
        subject.disk.space = Infinity
        await subject.save(false, 400)
        expect(await subject.load()).toEqual(subject.sure)
        await subject.restart()
      }),
      runs(100),
    )
  })
})

test.skipIf(process.platform !== 'linux')(
  'a device that really is full is named, and tried again once it is not',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'junto-full-'))
    try {
      const store = new FileStore(directory)
      await store.save('board', 'a', new TextEncoder().encode('one'))
      const [name] = await readdir(directory)
      // What is written there goes to a device without space.
      await symlink('/dev/full', join(directory, `${name}.new`))
      await expect(store.save('board', 'a', new TextEncoder().encode('two'))).rejects.toMatchObject({
        fault: 'full',
        cause: { code: 'ENOSPC' },
      })
      expect(await store.load('board', 'a')).toHaveLength(1)
      await store.save('board', 'a', new TextEncoder().encode('three'))
      const [piece] = (await store.load('board', 'a')) ?? []
      expect(new TextDecoder().decode(piece)).toBe('three')
    } finally {
      await rm(directory, { recursive: true })
    }
  },
)
