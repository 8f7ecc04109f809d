import { FrameType, type InputsFrame, type SentFrame } from '@junto/protocol/internal'
import { defineRoom, t, type AnyContract, type InputOf, type Live, type StateOf } from '@junto/schema'
import type { JuntoClientOptions } from '../client-options.ts'
import type { JoinedRoom } from '../index.ts'
import type { InputPrediction } from '../room/input-prediction.ts'
import { Room } from '../room/room.ts'
import { ScriptedServer } from '../session/scripted-server.fixture.ts'

const Runner = t.Object({ x: t.Quantized({ min: -10_000, max: 10_000, step: 0.1 }), y: t.Float32(), aim: t.Angle() })

/** A room of runners that ticks. */
export const Race = defineRoom('race', {
  version: 1,
  state: t.Object({ runners: t.Map(Runner), ball: t.Optional(Runner) }),
  input: t.Object({ dx: t.Float32(), jump: t.Optional(t.Boolean()) }),
  clientToServer: {},
  serverToClient: {},
})

export type RaceInput = InputOf<typeof Race>

/** Milliseconds of a tick, and between two patches. */
export const tick = 20
export const patchInterval = 60

/** The server of a race, played by the test: it says which ticks have passed, and when. */
export class RaceServer extends ScriptedServer {
  /** What is off between the client's clock and the server's. */
  readonly ahead = 1_000_000
  readonly #ticks: boolean
  /** The room's number. */
  #ref = 1

  constructor(options: Partial<JuntoClientOptions> = {}, contract: AnyContract = Race, ticks = true) {
    super(options, contract, { runners: { a: { x: 0, y: 0, aim: 0 }, b: { x: 100, y: 0, aim: 3 } } })
    this.#ticks = ticks
  }

  get race(): Live<StateOf<typeof Race>> {
    // Grown from that contract.
    return this.state as Live<StateOf<typeof Race>>
  }

  /** The server's time now. */
  get time(): number {
    return Math.floor(this.clock.time()) + this.ahead
  }

  /** The client connects and joins; its room is told what the server's time is. */
  async enter(stamp?: Partial<StampParts>): Promise<JoinedRoom<typeof Race>> {
    // By name: the server's contract may be another one.
    const opened = this.client.open<typeof Race>('race', { version: 1, key: 'a' })
    this.accept()
    this.admitTicking(stamp)
    const room = await opened
    this.answerProbes(room)
    return room
  }

  /** Admits the join that came last: a room that ticks tells how far it is before its state. */
  admitTicking(stamp?: Partial<StampParts>): void {
    this.#ref = this.lastJoin.ref
    const [session, joined] = this.joined(this.lastJoin)
    if (joined.type !== FrameType.joined) throw new TypeError('it is no answer to a join')
    const rates = this.#ticks ? { tick, patch: patchInterval } : {}
    this.socket.say(
      [session, { ...joined, ...rates }],
      ...(this.#ticks ? [this.stamp(stamp)] : []),
      this.snapshot(this.#ref),
    )
  }

  /** Answers what the client asks for the time, at once, until it asks no more. */
  answerProbes(room: { readonly time: { now(): number } }): void {
    room.time.now()
    for (let count = 0; count < 5; count++) {
      const probe = this.received(FrameType.probe).at(-1)
      if (probe === undefined) return
      this.socket.say([0, { type: FrameType.echo, time: probe.time, serverTime: this.time }])
    }
  }

  /** How far the server is. */
  stamp(parts: Partial<StampParts> = {}): readonly [number, SentFrame] {
    const { time = this.time, input = 0, waiting = 0, alone } = parts
    return [
      this.#ref,
      { type: FrameType.stamp, tick: Math.floor(time / tick), time, mutation: 0, input, waiting, alone },
    ]
  }

  /** A runner is there at this time: a stamp with its patch. */
  runs(key: string, x: number, parts: Partial<StampParts> = {}): void {
    const runner = this.race.runners.get(key)
    if (runner !== undefined) runner.x = x
    this.socket.say(this.stamp(parts), this.patch(this.#ref))
  }

  /** The inputs that came over the present connection. */
  get inputs(): InputsFrame[] {
    return this.received(FrameType.inputs)
  }
}

interface StampParts {
  readonly time: number
  readonly input: number
  readonly waiting: number
  readonly alone: true | undefined
}

/** Shows inputs ahead of the server, in one number of one runner: `x` grows by `dx`. */
export class RunnerPrediction implements InputPrediction {
  readonly calls: string[] = []
  readonly #room: Room
  readonly #key: string
  #pending: { readonly seq: number; readonly dx: number }[] = []

  constructor(room: unknown, key: string) {
    if (!(room instanceof Room)) throw new TypeError('it is no room')
    this.#room = room
    this.#key = key
    room.ahead = this
    room.stamps.add(({ input }) => {
      const before = this.#sum
      this.#pending = this.#pending.filter(({ seq }) => seq > input)
      this.#early += before - this.#sum
    })
    room.mirror.ahead = {
      takeBack: () => this.#move(-this.#sum - this.#early),
      runAgain: () => {
        this.#early = 0
        this.#move(this.#sum)
      },
    }
  }

  /** What a stamp has confirmed whose patch has not come. */
  #early = 0

  get #sum(): number {
    return this.#pending.reduce((sum, { dx }) => sum + dx, 0)
  }

  predict(seq: number, at: number, input: RaceInput): void {
    this.calls.push(`predict ${seq} ${input.dx} at ${Math.round(at)}`)
    this.#pending.push({ seq, dx: input.dx })
    this.#move(input.dx)
  }

  preview(seq: number, _at: number, input: RaceInput, read: () => void): void {
    this.calls.push(`preview ${seq} ${input.dx}`)
    this.#move(input.dx)
    read()
    this.#move(-input.dx)
  }

  forgetInputs(): void {
    this.calls.push('forget')
    this.#move(-this.#sum)
    this.#pending = []
  }

  #move(by: number): void {
    const { runners } = this.#room.state as { readonly runners: ReadonlyMap<string, { x: number }> }
    const runner = runners.get(this.#key)
    if (runner !== undefined) runner.x += by
  }
}
