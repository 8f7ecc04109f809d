import { optimistic, sampleInputs, type Inputs, type JoinedRoom, type JuntoClient } from '@junto/client'
import type { SeededRandom } from '../../src/index.ts'
import { codeOf, endCall } from './endings.ts'
import type { Lanes, Ledger } from './ledger.ts'
import { Race, raceMutators } from './race.ts'
import type { AnyRace } from './race-room.ts'
import type { Stage } from './showing.ts'
import { watchStamps } from './stamp-watch.ts'

/** What racers are told besides their client. */
export interface RacerSurroundings {
  readonly ledger: Ledger
  readonly stage: Stage
  readonly random: SeededRandom
  readonly unique: () => number
  readonly races: ReadonlySet<AnyRace>
}

/** A program in the race: it drives now and then, for a while. */
export class Racer {
  readonly name: string
  readonly #surroundings: RacerSurroundings
  readonly #up: Lanes
  #room: JoinedRoom<Race> | undefined
  #inputs: Inputs | undefined
  #gone = false

  constructor(surroundings: RacerSurroundings, client: JuntoClient) {
    const { ledger, unique, stage } = surroundings
    this.#surroundings = surroundings
    this.name = `p${unique()} → race`
    this.#up = ledger.lanes(this.name)
    const mutators = optimistic(raceMutators)
    client.open(Race, { key: 'race', join: { who: this.name }, patience: Infinity, mutators }).then(
      (room) => {
        if (this.#gone) return
        this.#room = room
        ledger.count('races joined')
        watchStamps({ ledger, stage, name: this.name }, room)
        room.onCorrection(({ kind }) => ledger.count(`correction ${kind} in a race`))
        room.status.subscribe(() => {
          if (room.status.value.state === 'left') this.#up.close()
        })
      },
      (error: unknown) => {
        const code = codeOf(error)
        ledger.count(`race ${code}`)
        if (!['cancelled', 'room_closed', 'disconnected', 'forbidden', 'unauthorized'].includes(code))
          ledger.fault(`a join of a race failed: ${String(error)}`)
      },
    )
  }

  /** Drives until told otherwise, or honks. */
  act(): void {
    const { random, ledger } = this.#surroundings
    const room = this.#room
    if (room === undefined || this.#gone || room.status.value.state === 'left') return
    if (random.chance(0.4)) return void this.#honk(room)
    if (this.#inputs !== undefined) return this.stop()
    ledger.count('drives')
    const up = this.#up
    this.#inputs = sampleInputs(
      room,
      () => {
        const { channel, n } = up.next()
        up.volatile.sent(n)
        return { channel, n, dx: random.integer(0, 4) }
      },
      { auto: true },
    )
  }

  stop(): void {
    this.#inputs?.close()
    this.#inputs = undefined
  }

  async #honk(room: JoinedRoom<Race>): Promise<void> {
    const { ledger } = this.#surroundings
    const mark = this.#up.next()
    this.#up.calls.sent(mark.n)
    const { honks } = room.state
    try {
      const honking = room.mutate.honk(mark)
      if (room.state.honks !== honks + 1) ledger.fault(`${this.name}: mutation ${mark.n} did not show at once`)
      await honking
      if (!this.#gone) this.#up.calls.acknowledged(mark.n)
      ledger.count('honks')
    } catch (error) {
      if (!this.#gone) endCall(ledger, this.#up, mark.n, error, 'honk')
    }
  }

  /** When all is quiet: it has what the server has. Then it leaves. */
  prove(): void {
    const { ledger, races } = this.#surroundings
    const room = this.#room
    if (room === undefined || this.#gone || room.status.value.state === 'left') return
    if (room.status.value.state !== 'joined')
      return ledger.fault(`${this.name} is ${room.status.value.state} in the end`)
    const [race] = races
    const difference = race === undefined ? 'there is none' : race.difference(room.memberId, room.state)
    if (difference !== undefined) ledger.fault(`${this.name}, the race: ${difference}`)
    ledger.count('races proved')
    void room.leave()
  }

  /** The page goes, without a word to the program. */
  abandon(): void {
    this.#gone = true
    this.stop()
    this.#up.close()
  }
}
