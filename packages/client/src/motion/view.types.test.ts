import { defineRoom, t } from '@junto/schema'
import { expectTypeOf, it } from 'vitest'
import type { JoinedRoom } from '../index.ts'
import { sampleInputs } from './inputs.ts'
import { viewOf, type ViewEntry } from './view.ts'

const Player = t.Object({
  name: t.String(),
  x: t.Float32(),
  y: t.Quantized({ min: 0, max: 100, step: 0.1 }),
  aim: t.Angle(),
  z: t.Optional(t.Float64()),
  tint: t.Visible('coach', t.Uint8()),
})

const Game = defineRoom('game', {
  version: 1,
  state: t.Object({ players: t.Map(Player), ball: t.Optional(Player), list: t.Array(Player) }),
  input: t.Object({ dx: t.Int8(), fire: t.Boolean() }),
  clientToServer: {},
  serverToClient: {},
})

// Only the compiler looks at these: what stands in a function is never called.
declare const room: JoinedRoom<typeof Game>

it('a view has the drawn fields as numbers, and the record', () => {
  void (() => {
    const players = viewOf(room, (state) => state.players, {
      fields: ['x', 'y', 'z'],
      angles: ['aim'],
      own: (player, key) => {
        expectTypeOf(player.name).toEqualTypeOf<string>()
        expectTypeOf(key).toEqualTypeOf<string>()
        return key === room.memberId
      },
    })
    const ada = players.get('ada')
    expectTypeOf(ada?.x).toEqualTypeOf<number | undefined>()
    expectTypeOf(ada?.aim).toEqualTypeOf<number | undefined>()
    expectTypeOf(ada?.entity.name).toEqualTypeOf<string | undefined>()
    for (const [key, { z, entity }] of players) {
      expectTypeOf(key).toEqualTypeOf<string>()
      expectTypeOf(z).toEqualTypeOf<number | undefined>()
      expectTypeOf(entity.aim).toEqualTypeOf<number>()
    }
    // Who writes the types down gets the same.
    const same: typeof players = viewOf(room, (state) => state.players, {
      fields: ['x', 'y', 'z'],
      angles: ['aim'],
      own: (player: { readonly x: number }, key: string) => player.x > 0 && key !== '',
    })
    expectTypeOf(same).toEqualTypeOf(players)
    // @ts-expect-error it is not among the fields: of the record it is the mirror's
    expectTypeOf(ada?.name).toEqualTypeOf<string>()
  })
})

it('a view is of a single record, too, whether it is there or not', () => {
  void (() => {
    const ball = viewOf(room, ({ ball }) => ball, { fields: ['x'] })
    expectTypeOf(ball.get()?.x).toEqualTypeOf<number | undefined>()
    // @ts-expect-error it has no key
    ball.get('ball')
  })
})

it('a field that is no number does not move', () => {
  void (() => {
    // @ts-expect-error a text
    viewOf(room, (state) => state.players, { fields: ['x', 'name'] })
    // @ts-expect-error there is none
    viewOf(room, (state) => state.players, { fields: ['x'], angles: ['aimm'] })
    // @ts-expect-error none is named
    viewOf(room, (state) => state.players, {})
  })
})

it('inputs are of the contract', () => {
  void (() => {
    sampleInputs(room, () => ({ dx: 1, fire: false }), { peek: () => ({ dx: 1, fire: true }) })
    // @ts-expect-error one is missing
    sampleInputs(room, () => ({ dx: 1 }))
    // @ts-expect-error it is another
    sampleInputs(room, () => ({ dx: 1, fire: 1 }))
    expectTypeOf<ViewEntry<{ readonly x: number; readonly y: string }, 'x'>['entity']['y']>().toEqualTypeOf<string>()
  })
})
