import { FrameType, type Frame, type SentFrame } from '@junto/protocol/internal'
import { call, defineRoom, event, stream, t } from '@junto/schema'
import type { JuntoClientOptions } from '../client-options.ts'
import type { JoinedRoom, Recovery } from '../index.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'

/** A room with messages of every class. */
export const Game = defineRoom('game', {
  version: 1,
  state: t.Object({ score: t.Integer() }),
  clientToServer: {
    add: call({ params: t.Object({ n: t.Integer() }), result: t.Integer() }),
    set: call({ params: t.Object({ n: t.Integer() }), result: t.Integer(), idempotent: true }),
    quick: call({ timeout: 300 }),
    shot: event(t.Object({ n: t.Integer() })),
    move: event(t.Object({ id: t.String(), x: t.Integer() }), { delivery: 'latest', key: 'id', priority: 1 }),
    aim: event(t.Object({ x: t.Integer() }), { delivery: 'latest' }),
    spark: event(t.Object({ n: t.Integer() }), { delivery: 'volatile' }),
    log: stream({ item: t.String() }),
  },
  serverToClient: {
    hit: event(t.Object({ n: t.Integer() })),
    ask: call({ result: t.Integer() }),
  },
})

/** A server of games whose connections drop, and that knows the session again. */
export class GameServer extends ScriptedServer {
  /** What became of the room that was entered, and the states that it has shown. */
  readonly recoveries: Recovery[] = []
  readonly states: string[] = []

  constructor(options: Partial<JuntoClientOptions> = {}) {
    super(options, Game, { score: 0 })
  }

  /** The client connects, and joins its first game, under number 1. */
  async enter(): Promise<JoinedRoom<typeof Game>> {
    const opened = this.client.open(Game, { key: 'a' })
    this.acceptAll()
    const room = await opened
    room.onRecovery((recovery) => this.recoveries.push(recovery))
    room.status.subscribe(() => this.states.push(room.status.value.state))
    return room
  }

  /** The client joins another game over the connection that is there. */
  async enterAnother(): Promise<JoinedRoom<typeof Game>> {
    const opened = this.client.open(Game, { key: 'b' })
    await this.clock.settle()
    this.admit(this.lastJoin)
    return opened
  }

  /** The id of a message to the server. */
  up(name: string): number {
    return this.layout.upByName.get(name)?.id ?? NaN
  }

  /** An event of a room. */
  hit(n: number, ref = 1): readonly [number, SentFrame] {
    return [ref, { type: FrameType.event, id: this.#down('hit'), payload: [n] }]
  }

  /** A call of the room, under this number. */
  ask(no: number): readonly [number, SentFrame] {
    return [1, { type: FrameType.call, no, id: this.#down('ask'), params: null, timeout: 0, settle: 'visible' }]
  }

  /** The answer to a call of the client. */
  reply(no: number, result: unknown): readonly [number, SentFrame] {
    return [1, { type: FrameType.reply, no, result }]
  }

  /** The answer to a call of the client is lost. */
  gone(no: number): readonly [number, SentFrame] {
    return [1, { type: FrameType.failed, no, code: 'outcome_unknown', message: 'gone', data: null }]
  }

  /** What came over the present connection, but for the hello and acks. */
  get came(): [number, Frame][] {
    return this.socket.frames
      .filter(([, { type }]) => type !== FrameType.hello && type !== FrameType.ack)
      .map(([ref, frame]) => [ref, frame])
  }

  /** The numbers of the shots that came over the present connection. */
  get shots(): (number | undefined)[] {
    return this.received(FrameType.event).map(({ payload }) => (payload as number[])[0])
  }

  /** The same of calls. */
  get calls(): (number | undefined)[] {
    return this.received(FrameType.call).map(({ params }) => (params as number[] | null)?.[0])
  }

  /** How much each of the acks said to have taken that came over the present connection. */
  get acks(): number[] {
    return this.received(FrameType.ack).map(({ received }) => received)
  }

  /** The client's next attempt to connect. */
  async nextAttempt(): Promise<void> {
    this.client.connection.retry()
    await this.clock.settle()
    if (this.client.connection.state !== 'connecting') throw new Error('it does not connect')
  }

  /** Drops the connection, and lets the client come back. */
  async drop(): Promise<void> {
    this.socket.end()
    await this.nextAttempt()
  }

  #down(name: string): number {
    return this.layout.downByName.get(name)?.id ?? NaN
  }
}
