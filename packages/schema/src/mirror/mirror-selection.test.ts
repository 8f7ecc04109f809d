import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { select } from './mirror-selection.ts'
import { nextPatch } from '../state/patches.fixture.ts'
import { difference, Draws, drawValue, layoutOfSpec, modelOf, specs } from '../state/random-state.fixture.ts'
import { writeSomething } from '../state/random-writes.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import { Components, type Component } from './external-store.fixture.ts'
import { open } from './game.fixture.ts'
import { MirrorTree } from './mirror-tree.ts'

describe('select', () => {
  it('is fit for useSyncExternalStore: the same value until it changes, and a call for each change', () => {
    const { mirror, state, flush } = open()
    const players = select(mirror, (game) => game.players)
    const names = select(mirror, (game) => [...game.players.values()].map(({ name }) => name))
    // As React does: the value is read at each render, compared, and read again when told.
    let rendered = { players: players.value, names: names.value }
    let renders = 0
    const render = (): void => {
      const next = { players: players.value, names: names.value }
      expect(players.value).toBe(next.players)
      expect(names.value).toBe(next.names)
      if (next.players !== rendered.players || next.names !== rendered.names) renders++
      rendered = next
    }
    const ends = [players.subscribe(render), names.subscribe(render)]
    const before = rendered
    state.phase = 'fight'
    flush()
    expect(renders).toBe(0)
    const ada = state.players.get('ada')
    if (ada !== undefined) ada.hp = 3
    flush()
    expect(renders).toBe(1)
    expect(rendered.names).toBe(before.names)
    expect(rendered.players).not.toBe(before.players)
    // What did not change is shared.
    expect(rendered.players.get('bo')).toBe(before.players.get('bo'))
    expect(rendered.players.get('ada')?.bag).toBe(before.players.get('ada')?.bag)
    expect([before.players.get('ada')?.hp, rendered.players.get('ada')?.hp]).toEqual([10, 3])
    for (const end of ends) end()
    if (ada !== undefined) ada.hp = 4
    flush()
    expect(renders).toBe(1)
    expect(players.value.get('ada')?.hp).toBe(4)
  })

  it('gives copies that cannot be changed', () => {
    const { mirror } = open()
    const { value } = select(mirror, (game) => game)
    expect(value).not.toBe(mirror.state)
    expect(Object.isFrozen(value)).toBe(true)
    expect(Object.isFrozen(value.players.get('ada'))).toBe(true)
    expect(Object.isFrozen(value.chat)).toBe(true)
    expect(value.players instanceof Map && value.players.size).toBe(2)
    for (const write of ['set', 'delete', 'clear']) {
      expect(() => Reflect.apply(Reflect.get(value.players, write), value.players, ['ada', 1])).toThrow(
        'cannot be changed',
      )
    }
    expect(new Map(value.players).size).toBe(2)
  })

  it('tells its subscribers also when somebody read the value before them', () => {
    const { mirror, state, flush } = open()
    const phase = select(mirror, (game) => game.phase)
    const hp = select(mirror, (game) => game.players.get('ada')?.hp)
    const told: string[] = []
    phase.subscribe(() => told.push(`phase ${phase.value} ${hp.value}`))
    hp.subscribe(() => told.push(`hp ${phase.value} ${hp.value}`))
    mirror.watch((game) => game.phase, { changed: () => told.push(`watch ${phase.value}`) })
    state.phase = 'fight'
    const ada = state.players.get('ada')
    if (ada !== undefined) ada.hp = 3
    flush()
    expect(told).toEqual(['watch fight', 'phase fight 3', 'hp fight 3'])
  })

  it('calls nobody who unsubscribed, and nobody twice', () => {
    const { mirror, state, flush } = open()
    const phase = select(mirror, (game) => game.phase)
    const told: string[] = []
    const first = phase.subscribe(() => {
      told.push('first')
      second()
      phase.subscribe(() => told.push('late'))
    })
    const second = phase.subscribe(() => told.push('second'))
    state.phase = 'fight'
    flush()
    expect(told).toEqual(['first'])
    first()
    first()
    state.phase = 'over'
    flush()
    expect(told).toEqual(['first', 'late'])
  })

  it('keeps what a selector makes, whole or in parts, while that is the same', () => {
    const { mirror, state, flush } = open()
    const made = select(mirror, ({ players, phase, notes, extra }) => ({
      phase,
      notes,
      extra,
      me: players.get('ada'),
      others: [...players.values()].filter(({ name }) => name !== 'Ada'),
      byName: new Map([...players.values()].map((player) => [player.name, { player, strong: player.hp > 9 }])),
      bags: [...players.values()].map(({ bag }) => bag.map(({ item }) => item)),
    }))
    const before = made.value
    expect(before).toStrictEqual(made.value)
    state.map.name = 'hill'
    flush()
    expect(made.value).toBe(before)
    const bo = state.players.get('bo')
    if (bo !== undefined) bo.hp = 11
    flush()
    const after = made.value
    expect(after).not.toBe(before)
    expect(after.me).toBe(before.me)
    expect(after.bags).toBe(before.bags)
    expect(after.notes).toBe(before.notes)
    expect(after.byName.get('Ada')).toBe(before.byName.get('Ada'))
    expect(after.byName.get('Bo')).toEqual({ player: { name: 'Bo', hp: 11, bag: [] }, strong: true })
    expect(after.byName.get('Bo')?.player).toBe(after.others[0])
    expect(before.byName.get('Bo')).toEqual({ player: { name: 'Bo', hp: 9, bag: [] }, strong: false })
    for (const part of [after, after.me, after.others, after.byName.get('Ada'), after.bags, after.bags[0]]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(() => Reflect.apply(Reflect.get(after.byName, 'set'), after.byName, ['x', 1])).toThrow('cannot be changed')
  })

  it('tells another order, and another kind, apart', () => {
    const { mirror, state, flush } = open()
    const order = select(mirror, ({ players }) => new Map([...players].sort(([, a], [, b]) => a.hp - b.hp)))
    const kind = select(mirror, ({ phase }) => (phase === 'lobby' ? [] : phase === 'fight' ? {} : new Map()))
    const [before, list] = [order.value, kind.value]
    expect([...before.keys()]).toEqual(['bo', 'ada'])
    const bo = state.players.get('bo')
    if (bo !== undefined) bo.hp = 11
    state.phase = 'fight'
    flush()
    expect([...order.value.keys()]).toEqual(['ada', 'bo'])
    expect([...before.keys()]).toEqual(['bo', 'ada'])
    const record = kind.value
    expect([list, record]).toStrictEqual([[], {}])
    state.phase = 'over'
    flush()
    expect(kind.value).toBeInstanceOf(Map)
  })
})

describe('as an external store of React', () => {
  it('neither tears nor changes what was rendered, whatever comes, and whoever comes and goes', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const layout = layoutOfSpec(spec)
        const first = drawValue(spec, draws)
        const tree = StateTree.create(layout, undefined, first, { epoch: '00112233445566ff' })
        const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
        const mirror = new MirrorTree(layout)
        mirror.applySnapshot(tree.snapshot())
        // All of the state, each field of its root, and something made from it. Several components share a selection.
        const selectors = [
          (state: unknown) => state,
          (state: unknown) => ({ list: Object.values(Object(state)), size: Object.keys(Object(state)).length }),
          ...spec.fields.map(
            ({ name }) =>
              (state: unknown): unknown =>
                Object(state)[name],
          ),
        ]
        const stores = selectors.map((selector) => {
          const selection = select(mirror, selector)
          return { selector, subscribe: selection.subscribe, getSnapshot: () => selection.value }
        })
        const components = new Components()
        const mounted: { component: Component; selector: (state: unknown) => unknown }[] = []
        const rendered: [snapshot: unknown, copy: unknown][] = []
        // A listener of the state that runs before components are told may read what they read.
        const early = draws.one(stores)
        mirror.watch((state) => state, { changed: () => void early.getSnapshot() })
        for (let turn = 0; turn < 6; turn++) {
          for (let times = draws.below(4); times > 0; times--) {
            if (mounted.length > 2 && draws.chance(0.4)) {
              const [gone] = mounted.splice(draws.below(mounted.length), 1)
              if (gone !== undefined) components.unmount(gone.component)
            } else {
              const store = draws.one(stores)
              mounted.push({ component: components.mount(store), selector: store.selector })
            }
          }
          for (let writes = draws.below(4); writes > 0; writes--) writeSomething(pair, draws)
          const patch = nextPatch(tree)
          const before = mounted.map(({ component }) => [component.snapshot, component.renders] as const)
          if (draws.chance(0.15)) mirror.applySnapshot(tree.snapshot())
          else if (patch !== undefined) mirror.applyPatch(patch)
          if (mirror.version !== tree.version) mirror.applySnapshot(tree.snapshot())
          components.commit()
          expect(components.torn).toBe(0)
          for (const [index, { component, selector }] of mounted.entries()) {
            const [snapshot, renders] = before[index] ?? []
            expect(difference(selector(mirror.state), component.snapshot)).toBe(undefined)
            expect(component.renders - (renders ?? 0)).toBe(Object.is(component.snapshot, snapshot) ? 0 : 1)
            rendered.push([component.snapshot, structuredClone(component.snapshot)])
          }
          for (const [snapshot, copy] of rendered) expect(difference(snapshot, copy)).toBe(undefined)
        }
      }),
      runs(80),
    )
  })
})
