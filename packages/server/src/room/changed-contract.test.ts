import { defineRoom, t, toPlain, type AnyContract } from '@junto/schema'
import { compileLayout, layoutOf, StateTree, visibilityOf } from '@junto/schema/internal'
import { describe, expect, test } from 'vitest'
import { fitted } from '../store/fit.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { encodeWhole, readPieces } from '../store/saved-room.ts'
import { Room, type FirstState } from './room.ts'
import { World } from './rooms.fixture.ts'

/** What is in the store of a room of this state. */
function saved(contract: AnyContract, state: unknown): readonly Uint8Array[] {
  const layout = compileLayout(layoutOf(contract))
  const tree = StateTree.create(layout, contract, state, { epoch: '0123456789abcdef' })
  return [encodeWhole(layout, tree.snapshot(), { metadata: undefined, seats: [] })]
}

/** The state that a room of a contract would be restored with. */
function read(contract: AnyContract, pieces: readonly Uint8Array[]): unknown {
  const compiled = compileLayout(layoutOf(contract))
  const required = visibilityOf(contract)?.required ?? new Map<number, ReadonlySet<string>>()
  const { layout, state } = readPieces(compiled, pieces)
  return fitted({ compiled, required }, layout, 'a', state)
}

describe('a contract that changed since', () => {
  const common = { clientToServer: {}, serverToClient: {} }
  const Item = t.Object({ name: t.String(), size: t.Optional(t.Integer()) })
  const before = defineRoom('shelf', {
    ...common,
    version: 1,
    state: t.Object({ title: t.String(), items: t.Map(Item), big: t.BigInt() }),
  })
  const first = { title: 'T', items: { a: { name: 'A' } }, big: 12345678901234567890n }

  async function reopen(contract: AnyContract): Promise<unknown> {
    const store = new MemoryStore()
    const world = new World({ store })
    class Before extends Room(before) {
      onCreate(): FirstState<typeof before> {
        return first
      }
      readonly handlers = this.handle({})
    }
    world.registry.define(before, Before, { persist: true })
    await world.join(before, { key: 'a' })
    await world.registry.close()
    const saved = await store.load('shelf', 'a')

    const later = new World({ store })
    let state: unknown
    // The contract is only known at run time here.
    const Base = Room(contract) as unknown as ReturnType<typeof Room<typeof before>>
    class After extends Base {
      onCreate(): FirstState<typeof before> {
        throw new Error('created instead of restored')
      }
      override onRestore() {
        state = later.registry && this.state
      }
      readonly handlers = this.handle({})
    }
    later.registry.define(contract as typeof before, After, { persist: true })
    const refused = await later.join(contract, { key: 'a' }).catch((error: unknown) => error)
    if (state !== undefined) return state
    expect(refused).toMatchObject({ code: 'store_failed' })
    await later.registry.close()
    expect(await store.load('shelf', 'a'), 'nothing is changed').toEqual(saved)
    return later.faults[0]
  }

  const shelf = (state: Parameters<typeof defineRoom>[1]['state']) =>
    defineRoom('shelf', { ...common, version: 2, state })

  test('by new optional fields, other messages and wider types: restored', async () => {
    const changed = defineRoom('shelf', {
      version: 9,
      clientToServer: {},
      serverToClient: {},
      state: t.Object({
        note: t.Optional(t.String()),
        big: t.BigInt(),
        title: t.Union([t.String(), t.Null()]),
        items: t.Map(t.Object({ color: t.Optional(t.String()), name: t.String(), size: t.Optional(t.Number()) })),
      }),
    })
    expect(await reopen(changed)).toMatchObject({ title: 'T', big: 12345678901234567890n })
  })

  test('by new maps and lists: restored, and these are empty', async () => {
    const Grown = t.Object({ ...Item.properties, tags: t.Array(t.String()), by: t.Map(t.Uint8()) })
    const state = t.Object({
      title: t.String(),
      items: t.Map(Grown),
      big: t.BigInt(),
      log: t.Array(Grown),
      extra: t.Optional(t.Map(t.String())),
    })
    const restored = await reopen(shelf(state))
    expect(toPlain(restored)).toEqual({
      title: 'T',
      big: first.big,
      items: { a: { name: 'A', tags: [], by: {} } },
      log: [],
    })
  })

  test('by a new list of a variant: refused, for nobody knows which variant it is', async () => {
    const variants = (fields: object) =>
      t.Object({ it: t.Union([t.Object({ kind: t.Literal('a'), n: t.Integer(), ...fields }), t.Null()]) })
    const pieces = saved(shelf(variants({})), { it: { kind: 'a', n: 1 } })
    const now = shelf(variants({ tags: t.Array(t.String()) }))
    expect(() => read(now, pieces)).toThrow(/state\.it: .*Nothing was changed/)
  })

  describe('in who sees what', () => {
    const Seen = t.Object({ name: t.Visible('staff', t.String()), size: t.Visible('staff', t.Optional(t.Integer())) })
    const state = t.Object({
      title: t.Visible('staff', t.String()),
      items: t.Map(Seen, { view: true }),
      big: t.BigInt(),
    })

    test('by hiding what there was from some: restored', async () => {
      expect(toPlain(await reopen(shelf(state)))).toEqual(first)
    })

    test('by showing it to others, or to all again: restored', async () => {
      const pieces = saved(shelf(state), first)
      const shown = { ...first, items: new Map(Object.entries(first.items)) }
      const Other = t.Object({ ...Item.properties, name: t.Visible(['staff', 'clerk'], t.String()) })
      for (const items of [t.Map(Other), t.Map(Other, { view: true })]) {
        const now = shelf(t.Object({ ...state.properties, items }))
        expect(read(now, pieces)).toEqual(shown)
      }
      expect(read(before, pieces)).toEqual(shown)
    })

    test('by a new list that some see: restored, and it is empty', async () => {
      const tags = t.Visible('staff', t.Array(t.String()))
      const Grown = t.Object({ ...Item.properties, tags, by: t.Optional(t.Owner()) })
      const now = shelf(t.Object({ title: t.String(), items: t.Map(Grown), big: t.BigInt() }))
      expect(toPlain(await reopen(now))).toEqual({ ...first, items: { a: { name: 'A', tags: [] } } })
    })

    test('by another new field that some see and the server always has: refused where something lacks it', async () => {
      const Grown = t.Object({ ...Item.properties, code: t.Visible('staff', t.Integer()) })
      const now = shelf(t.Object({ title: t.String(), items: t.Map(Grown), big: t.BigInt(), drafts: t.Map(Grown) }))
      expect(await reopen(now)).toContain(
        'state.items.a.code: the contract needs it, nothing was saved for it. Nothing was changed.',
      )
      const Optional = t.Object({ ...Item.properties, code: t.Visible('staff', t.Optional(t.Integer())) })
      const optional = shelf(t.Object({ title: t.String(), items: t.Map(Optional), big: t.BigInt() }))
      expect(toPlain(await reopen(optional))).toEqual(first)
    })

    test('by a field that the server always has from now on, of the same layout: refused where something lacks it', () => {
      const shape = (hint: Parameters<typeof t.Visible>[1]) => shelf(t.Object({ hint: t.Visible('staff', hint) }))
      const old = shape(t.Optional(t.String()))
      const now = shape(t.String())
      const record = (value: object) => saved(old, value)
      expect(() => read(now, record({}))).toThrow('state.hint: the contract needs it, nothing was saved for it')
      expect(read(now, record({ hint: 'x' }))).toEqual({ hint: 'x' })
    })

    test('by showing to all what some saw and may be absent: refused where it is', () => {
      const shape = (it: Parameters<typeof t.Object>[0]) => shelf(t.Object({ list: t.Array(t.Object(it)) }))
      const old = shape({ a: t.Visible('staff', t.Optional(t.Null())), b: t.Integer() })
      const record = (list: object[]) => saved(old, { list })
      const now = shape({ a: t.Null(), b: t.Integer() })
      const whole = [{ a: null, b: 1 }]
      expect(read(now, record(whole))).toEqual({ list: whole })
      expect(() => read(now, record([...whole, { b: 1 }]))).toThrow(
        'state.list[1].a: the contract needs it, nothing was',
      )
      expect(() => read(shape({ a: t.String(), b: t.Integer() }), record([]))).toThrow(
        'state.list[].a: null was saved, the contract says a string',
      )
    })
  })

  test('not at all: restored with every value', async () => {
    expect(await reopen(before)).toMatchObject({ title: 'T', big: 12345678901234567890n })
  })

  test('by a required field, a changed type, or a field that is gone: refused by name', async () => {
    const big = t.BigInt()
    expect(await reopen(shelf(t.Object({ title: t.String(), items: t.Map(Item), big, owner: t.String() })))).toMatch(
      /was saved with another contract \(version 1, now 2\): state\.owner: the contract needs it, nothing was saved for it\. Nothing was changed/,
    )
    expect(await reopen(shelf(t.Object({ title: t.Integer(), items: t.Map(Item), big })))).toContain(
      'state.title: a string was saved, the contract says a number. Nothing was changed. Make new fields optional and keep ' +
        'old ones (as optional ones), declare a step in define(shelf, …, { migrations: { 2: (saved) => … } }), or delete the ' +
        'saved room with its store: await store.delete("shelf", "a")',
    )
    const Smaller = t.Object({ name: t.String() })
    expect(await reopen(shelf(t.Object({ title: t.String(), items: t.Map(Smaller), big })))).toContain(
      'the contract no longer has state.items.*.size',
    )
    expect(await reopen(shelf(t.Object({ title: t.String(), big })))).toContain('no longer has state.items')
  })
})
