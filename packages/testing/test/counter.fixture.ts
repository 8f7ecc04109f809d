import { call, defineRoom, event, stream, t } from '@junto/schema'
import { Room, type Member } from '@junto/server'
import type { Received } from './plain-peer.fixture.ts'

// The room `counter` of docs/protocol.md, and another one.

export const Counter = defineRoom('counter', {
  version: 1,
  metadata: t.Object({ level: t.Int32() }),
  state: t.Object({ count: t.Int32() }),
  clientToServer: {
    add: call({
      params: t.Object({ by: t.Int32() }),
      result: t.Int32(),
      errors: { limit: t.Object({ most: t.Int32() }) },
    }),
    wave: event(t.Object({ to: t.Optional(t.String()), hand: t.Enum(['left', 'right']) }), { delivery: 'volatile' }),
    steps: stream({ item: t.Int32() }),
  },
  serverToClient: { waved: event(t.Object({ by: t.String() })) },
})

export const Notes = defineRoom('notes', {
  version: 3,
  state: t.Object({}),
  clientToServer: { say: event(t.Object({ text: t.String() })) },
  serverToClient: { said: event(t.Object({ text: t.String() })), ask: call({ result: t.Boolean() }) },
})

export class NotesRoom extends Room(Notes) {
  onCreate() {
    return {}
  }

  readonly handlers = this.handle({
    say: async ({ text }, { member }) => {
      if (text !== 'ask') return this.broadcast.said({ text })
      const answer = await member.call.ask()
      this.broadcast.said({ text: String(answer) })
    },
  })
}

/** The rooms `counter` that were made, and the reasons for which members have left them. */
export const rooms: CounterRoom[] = []
export const log: string[] = []

export class CounterRoom extends Room(Counter) {
  onCreate() {
    rooms.push(this)
    this.metadata = { level: 1 }
    return { count: 41 }
  }

  override onLeave(_member: Member<typeof Counter>, reason: string) {
    log.push(reason)
  }

  readonly handlers = this.handle({
    add: ({ by }, { error }) => {
      if (this.state.count + by > 100) throw error('limit', { most: 100 })
      this.state.count += by
      return this.state.count
    },
    wave: ({ hand }) => {
      this.broadcast.waved({ by: hand })
    },
    steps: async function* () {
      for (let n = 0; n < 3; n++) yield n
    },
  })
}

/** The types of frames, with their room before them where there is one. */
export function types(received: readonly Received[]): readonly unknown[] {
  return received.map(({ ref, frame }) => (ref === 0 ? frame[0] : `${ref}:${String(frame[0])}`))
}
