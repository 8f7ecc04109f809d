import { Clock, JuntoError } from '@junto/protocol'
import { defineRoom, t } from '@junto/schema'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { DefineArguments } from './define-options.ts'
import { RoomDefinition } from './definition.ts'
import type { Member } from './member.ts'
import { Room, type Creation, type RoomClass } from './room.ts'
import type { Resumption } from './seat.ts'
import { Whiteboard } from './whiteboard.fixture.ts'

// What `define` demands, as JuntoServer declares it.
function define<T extends typeof Whiteboard | typeof Lobby>(
  contract: T,
  room: RoomClass<NoInfer<T>>,
  ...[options]: DefineArguments<T>
): RoomDefinition {
  return RoomDefinition.of(contract, room, options)
}

const Lobby = defineRoom('lobby', {
  version: 3,
  state: t.Object({ open: t.Boolean() }),
  clientToServer: {},
  serverToClient: {},
})

const authenticate = () => ({ id: 'a', role: 'editor' })

class WhiteboardRoom extends Room(Whiteboard) {
  readonly clock = this.inject(Clock)
  onCreate({ options }: Creation<typeof Whiteboard>) {
    return { title: options.title, strokes: {} }
  }
  override onJoin(member: Member<typeof Whiteboard>, join: { name: string }) {
    expectTypeOf(member.user.role).toEqualTypeOf<string>()
    expectTypeOf(join.name).toEqualTypeOf<string>()
    expectTypeOf(member.join.name).toEqualTypeOf<string>()
  }
  readonly handlers = this.handle({
    addStroke: async (stroke, { member, error, signal }) => {
      expectTypeOf(stroke.points).toEqualTypeOf<{ x: number; y: number }[]>()
      if (stroke.points.length > 100) throw error('full', { limit: 100 })
      // @ts-expect-error the data of this error is a number
      error('full', { limit: 'x' })
      // @ts-expect-error this error is not declared
      error('nope', {})
      const yes = await member.call.confirmClear({ by: member.user.role }, { signal, timeout: 500 })
      expectTypeOf(yes).toEqualTypeOf<boolean>()
      this.broadcast.cleared({ by: member.id }, { except: member })
      // @ts-expect-error the payload is required
      this.broadcast.cleared()
      // @ts-expect-error a call cannot be broadcast
      this.broadcast.confirmClear({ by: member.id })
      this.state.strokes.set('a', stroke).color = 3
      // @ts-expect-error a map is no plain object
      this.state.strokes['a'] = stroke
      // @ts-expect-error members come and go by joining
      this.members.delete('a')
      this.metadata = { team: 'a' }
      // @ts-expect-error metadata is of the contract
      this.metadata = { tame: 'a' }
      return { id: String(this.clock.now()) + String(yes) }
    },
    clear: () => {},
    point: ({ x, y }, { member }) => {
      member.send.pointed({ x, y })
      // @ts-expect-error no such event
      member.send.nope({ x, y })
    },
    history: async function* ({ since }) {
      await Promise.resolve()
      yield { by: String(since), color: 1, points: [] }
    },
  })
}

class WrongState extends Room(Whiteboard) {
  onCreate() {
    return { title: 1 }
  }
  readonly handlers = this.handle({
    // @ts-expect-error the result is missing
    addStroke: () => {},
    clear: () => {},
    point: () => {},
    // @ts-expect-error an item is no stroke
    history: async function* () {
      await Promise.resolve()
      yield 1
    },
  })
}

class MissingHandler extends Room(Whiteboard) {
  onCreate() {
    return { title: '', strokes: {} }
  }
  // @ts-expect-error handlers are missing
  readonly handlers = this.handle({ clear: () => {} })
}

class LobbyRoom extends Room(Lobby) {
  onCreate() {
    return { open: true }
  }
  readonly handlers = this.handle({})
}

class NoHandlers extends Room(Whiteboard) {
  onCreate() {
    return { title: '', strokes: {} }
  }
}

class WithBareParameter extends LobbyRoom {
  constructor(readonly clock: Clock) {
    super()
  }
}

test('hooks of members that come and go are typed by the contract', () => {
  class Typed extends WhiteboardRoom {
    override onDrop(member: Member<typeof Whiteboard>): void {
      expectTypeOf(member.connected).toEqualTypeOf<boolean>()
      // @ts-expect-error only its line decides
      member.connected = true
    }

    override onResume(member: Member<typeof Whiteboard>, resumption: Resumption): void {
      expectTypeOf(resumption.outcome).toEqualTypeOf<'resumed' | 'resynced'>()
      expectTypeOf(resumption.missed).toEqualTypeOf<number>()
      expectTypeOf(resumption.downtime).toEqualTypeOf<number>()
      member.send.cleared({ by: member.user.id })
    }
  }
  expectTypeOf<Typed>().toHaveProperty('onDrop')
})

describe('define', () => {
  test('takes a class whose first state, handlers and options satisfy the contract', () => {
    expect(define(Whiteboard, WhiteboardRoom, { maxMembers: 50, persist: true, authenticate }).maxMembers).toBe(50)
    expect(define(Lobby, LobbyRoom).maxMembers).toBe(100)
    expect(define(Lobby, LobbyRoom, { authenticate: ({ token }) => token === 'x' }).name).toBe('lobby')
  })

  test('refuses by type what does not', () => {
    // @ts-expect-error onCreate returns no valid state
    define(Whiteboard, WrongState, { authenticate })
    define(Whiteboard, MissingHandler, { authenticate })
    // @ts-expect-error the handlers are missing
    define(Whiteboard, NoHandlers, { authenticate })
    // @ts-expect-error the contract declares a user: who is it?
    expect(() => define(Whiteboard, WhiteboardRoom)).toThrow(/give define an authenticate/)
    // @ts-expect-error authenticate yields another user
    define(Whiteboard, WhiteboardRoom, { authenticate: () => ({ id: 1 }) })
    // @ts-expect-error no such option
    expect(() => define(Lobby, LobbyRoom, { maxMember: 5 })).toThrow(/has no option 'maxMember'/)
    // @ts-expect-error a room of another contract
    expect(() => define(Whiteboard, LobbyRoom, { authenticate })).toThrow(/of another contract/)
    // @ts-expect-error not a room at all
    expect(() => define(Lobby, class {})).toThrow(/extends Room\(lobby\)/)
  })

  test('refuses by name what the types cannot see', () => {
    expect(() => define(Lobby, LobbyRoom, { maxMembers: 0 })).toThrow(/maxMembers of define must be a number from 1/)
    expect(() => define(Lobby, LobbyRoom, { tickRate: NaN })).toThrow(/tickRate/)
    expect(() => define(Lobby, LobbyRoom, { patchRate: 0 })).toThrow(/patchRate/)
    expect(() => define(Lobby, LobbyRoom, { disposeAfter: -1 })).toThrow(JuntoError)
    expect(() => define(Lobby, LobbyRoom, { disposeAfter: 2 ** 40 })).toThrow(/from 0 to 2147483647, or Infinity/)
    const misspelt: readonly [object, string][] = [
      [{ tickrate: 60 }, "define(lobby, …) has no option 'tickrate': did you mean tickRate?"],
      [{ persist: { dely: 5 } }, "persist of define(lobby, …) has no option 'dely': did you mean delay?"],
      [{ something: 1 }, "define(lobby, …) has no option 'something': there are maxMembers, persist, "],
    ]
    for (const [options, message] of misspelt) expect(() => define(Lobby, LobbyRoom, options)).toThrow(message)
    // @ts-expect-error no options at all
    expect(() => define(Lobby, LobbyRoom, 60)).toThrow('the options of define(lobby, …) must be an object, not 60')
    expect(() => define(Lobby, WithBareParameter)).toThrow(/Parameter 1 of the constructor of WithBareParameter/)
  })

  test('a room that was constructed by hand says how rooms are made', () => {
    expect(() => new LobbyRoom()).toThrow(/Rooms are made by the server: server.define\(Contract, LobbyRoom\)/)
  })
})
