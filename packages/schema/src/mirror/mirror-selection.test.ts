import { describe, expect, it } from 'vitest'
import { open } from './game.fixture.ts'

describe('select', () => {
  it('is fit for useSyncExternalStore: the same value until it changes, and a call for each change', () => {
    const { mirror, state, flush } = open()
    const players = mirror.select((game) => game.players)
    const names = mirror.select((game) => [...game.players.values()].map(({ name }) => name))
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
    const { value } = mirror.select((game) => game)
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
})
