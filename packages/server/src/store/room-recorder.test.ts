import { defineRoom, t, type Live, type StateOf } from '@junto/schema'
import { compileLayout, layoutOf, StateTree } from '@junto/schema/internal'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from './memory-store.ts'
import { RoomRecorder, type Piece } from './room-recorder.ts'
import { readPieces } from './saved-room.ts'

const Stroke = t.Object({
  color: t.Uint8(),
  owner: t.Owner(),
  width: t.Quantized({ min: 0, max: 10, step: 0.5 }),
  note: t.Visible('owner', t.Optional(t.String())),
  points: t.Array(t.Object({ x: t.Int32(), y: t.Int32() })),
  tags: t.Map(t.String()),
})

const Board = defineRoom('board', {
  version: 1,
  state: t.Object({
    title: t.String(),
    strokes: t.Map(Stroke, { view: true }),
    order: t.Array(t.String()),
    extra: t.Optional(t.Object({ n: t.Integer(), list: t.Array(t.Integer()) })),
    free: t.Json(),
    secret: t.Visible('staff', t.Map(t.Uint8())),
  }),
  clientToServer: {},
  serverToClient: {},
})
type State = Live<StateOf<typeof Board>>

const layout = compileLayout(layoutOf(Board))

/** A room without anything around it, and the store that it is saved in. */
class Subject {
  readonly tree = StateTree.create(
    layout,
    Board,
    { title: '', strokes: {}, order: [], free: null, secret: {} },
    { epoch: '0123456789abcdef' },
  )
  readonly store = new MemoryStore()
  metadata: unknown = undefined
  seats: readonly unknown[] = []
  readonly recorder: RoomRecorder

  constructor(incremental = true) {
    this.recorder = new RoomRecorder(
      layout,
      {
        tree: this.tree,
        flush: () => void this.tree.close(),
        metadata: () => this.metadata,
        seats: () => this.seats,
      },
      incremental,
    )
  }

  get state(): State {
    return this.tree.root as State
  }

  async save(): Promise<Piece> {
    const piece = this.recorder.next()
    await (piece.base === 0
      ? this.store.save('board', 'a', piece.bytes)
      : this.store.append('board', 'a', piece.base, piece.bytes))
    this.recorder.kept(piece)
    return piece
  }

  async load() {
    return readPieces(layout, (await this.store.load('board', 'a')) ?? [])
  }

  /** What would be restored, as plain values. */
  async restored(): Promise<unknown> {
    const { state } = await this.load()
    return StateTree.create(layout, Board, state, { epoch: '0'.repeat(16) }).toPlain()
  }
}

function stroke(size: number) {
  const points = Array.from({ length: size }, (_, index) => ({ x: index, y: -index }))
  return { color: size & 255, owner: `o${size % 3}`, width: (size % 20) / 2, points, tags: { a: 'x' } }
}

/** What people do to such a state: some of it nothing, where there is nothing to do it to. */
const writes: readonly ((state: State, n: number) => void)[] = [
  (state, n) => void (state.title = `title ${n}`),
  (state, n) => void state.strokes.set(`s${n % 7}`, stroke(n)),
  (state, n) => void state.strokes.delete(`s${n % 7}`),
  (state, n) => void state.strokes.get(`s${n % 7}`)?.points.push({ x: n, y: n }),
  (state, n) => void state.strokes.get(`s${n % 7}`)?.points.splice(n % 3, 2),
  (state, n) => void state.strokes.get(`s${n % 7}`)?.tags.set(`t${n % 4}`, `${n}`),
  (state, n) => {
    const found = state.strokes.get(`s${n % 7}`)
    if (found === undefined) return
    found.width = (n % 20) / 2
    found.note = `note ${n}`
    found.owner = `o${n % 2}`
  },
  (state, n) => void state.order.push(`${n}`),
  (state, n) => void state.order.splice(n % 5, 1),
  (state, n) => {
    if (state.extra === undefined) Object.assign(state, { extra: { n, list: [n] } })
    else if (n % 3 === 0) delete state.extra
    else state.extra.list.unshift(n)
  },
  (state, n) => void (state.free = { n, deep: [n, { n }] }),
  (state, n) => void state.secret.set(`${n % 4}`, n & 255),
  (state, n) => void state.secret.delete(`${n % 4}`),
  (state) => state.strokes.clear(),
]

const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant('write'), which: fc.nat(writes.length - 1), n: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('close'), which: fc.constant(0), n: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('save'), which: fc.constant(0), n: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('fail'), which: fc.constant(0), n: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('beside'), which: fc.nat(3), n: fc.nat(5) }) },
)

describe('what is saved of a room', () => {
  test('is the room, whatever was written, saved and not saved before', async () => {
    let increments = 0
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60, size: 'max' }), async (actions) => {
        const subject = new Subject()
        for (const { does, which, n } of actions) {
          if (does === 'write') writes[which]?.(subject.state, n)
          else if (does === 'close') subject.tree.close()
          else if (does === 'beside') {
            if (which < 2) subject.metadata = which === 0 ? undefined : { n }
            else subject.seats = which === 2 ? [] : [{ member: `m${n}`, until: n }]
          } else if (does === 'fail') {
            subject.recorder.next()
            subject.recorder.lost()
          } else {
            if ((await subject.save()).base > 0) increments++
            const { metadata, seats } = await subject.load()
            expect(await subject.restored()).toEqual(subject.tree.toPlain())
            expect({ metadata, seats }).toEqual({ metadata: subject.metadata, seats: subject.seats })
          }
        }
      }),
      runs(150),
    )
    expect(increments).toBeGreaterThan(200)
  })

  test('of a large room that changes little is little', async () => {
    const subject = new Subject()
    for (let n = 0; n < 2_000; n++) subject.state.strokes.set(`s${n}`, stroke(20))
    const whole = await subject.save()
    expect(whole.bytes.length).toBeGreaterThan(100_000)
    let written = 0
    for (let n = 0; n < 100; n++) {
      const found = subject.state.strokes.get(`s${n * 17}`)
      found?.points.push({ x: n, y: n })
      const { base, bytes } = await subject.save()
      expect(base).toBe(n + 1)
      written += bytes.length
    }
    // A point, in which record, and what a record of the store begins with.
    expect(written / 100).toBeLessThan(40)
    expect(await subject.restored()).toEqual(subject.tree.toPlain())
  })

  test('becomes a whole again when what changed is as much, so that no more than twice is ever written of it', async () => {
    const subject = new Subject()
    for (let n = 0; n < 500; n++) subject.state.strokes.set(`s${n}`, stroke(20))
    const { bytes } = await subject.save()
    let log = 0
    let wholes = 0
    let written = 0
    for (let n = 0; n < 600; n++) {
      subject.state.strokes.set(`s${n % 500}`, stroke((n % 20) + 10))
      const piece = await subject.save()
      written += piece.bytes.length
      if (piece.base === 0) {
        wholes++
        log = 0
      } else log += piece.bytes.length
      expect(log).toBeLessThanOrEqual(bytes.length * 1.5)
    }
    expect(wholes).toBeGreaterThan(0)
    const increments = written - wholes * bytes.length
    expect(written).toBeLessThan(2.5 * increments)
    expect(await subject.restored()).toEqual(subject.tree.toPlain())
  })

  test('is a whole again after a thousand increments, however small: loading goes through all of them', async () => {
    const subject = new Subject()
    for (let n = 0; n < 500; n++) subject.state.strokes.set(`s${n}`, stroke(20))
    const bases: number[] = []
    for (let n = 0; n < 1_100; n++) {
      subject.state.title = `${n % 10}`
      bases.push((await subject.save()).base)
    }
    expect(Math.max(...bases)).toBe(1_000)
    expect(bases.filter((base) => base === 0)).toHaveLength(2)
  })

  test('is always a whole where increments are not wanted, or the store keeps none', async () => {
    const subject = new Subject(false)
    for (let n = 0; n < 5; n++) {
      subject.state.title = `${n}`
      expect((await subject.save()).base).toBe(0)
    }
    expect(await subject.restored()).toEqual(subject.tree.toPlain())
  })

  test('says nothing of metadata and seats that are as before', async () => {
    const subject = new Subject()
    subject.metadata = { about: 'x'.repeat(500) }
    subject.seats = [{ member: 'y'.repeat(500) }]
    await subject.save()
    subject.state.title = 'new'
    expect((await subject.save()).bytes.length).toBeLessThan(30)
    subject.seats = []
    expect((await subject.save()).bytes.length).toBeLessThan(10)
    expect(await subject.load()).toMatchObject({ metadata: subject.metadata, seats: [], state: { title: 'new' } })
  })

  test('with an increment missing, or one that is none: refused', async () => {
    const subject = new Subject()
    for (let n = 0; n < 4; n++) {
      subject.state.title = `${n}`
      await subject.save()
    }
    const [whole, one, two, three] = (await subject.store.load('board', 'a')) ?? []
    if (!whole || !one || !two || !three) throw new Error('Four pieces were saved')
    expect(readPieces(layout, [whole, one, two]).state).toMatchObject({ title: '2' })
    expect(() => readPieces(layout, [whole, one, three])).toThrow('Increment 2 of 2 of the saved room does not follow')
    expect(() => readPieces(layout, [whole, two])).toThrow('does not follow')
    expect(() => readPieces(layout, [whole, whole])).toThrow('does not follow')
    expect(() => readPieces(layout, [one])).toThrow('was saved in form')
    expect(() => readPieces(layout, [])).toThrow('no saved room')
  })
})
