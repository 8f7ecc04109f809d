import { compileLayout, layoutOf } from '@junto/schema/internal'
import { JuntoServer, MemoryMetrics, Room, type Histogram, type Labels, type Member } from '@junto/server'
import type { Part } from '../../harness.ts'
import { frameType, LeanClient } from '../../calls/lean-client.ts'
import { packr } from '../../calls/hand-made.ts'
import { enough } from '../../limits.ts'
import { Game, gameMutators, patchRate, tickRate } from '../contract.ts'
import { Delays, type Player } from './peer.ts'

// Junto's server with everything on that it has, under clients as lean as those of raw-ws.

let ticks = 0
const delays = new Delays()

class GameRoom extends Room(Game) {
  readonly mutators = gameMutators
  readonly rewind = this.rewindable((state) => state.players, ['x', 'y', 'aim'])

  onCreate() {
    return { players: {} }
  }

  override onJoin({ id }: Member<typeof Game>) {
    this.state.players.set(id, { x: 0, y: 0, aim: 0 })
  }

  override onLeave({ id }: Member<typeof Game>) {
    this.state.players.delete(id)
  }

  override onTick() {
    ticks++
  }
}

/** Keeps each delay of the server's own series, of which others have buckets only. */
class ExactMetrics extends MemoryMetrics {
  override histogram(name: string, labels?: Labels, buckets?: readonly number[]): Histogram {
    if (name === 'tick_delay_seconds') return { observe: (seconds) => delays.add(seconds * 1000) }
    return super.histogram(name, labels, buckets)
  }
}

export async function serve(): Promise<Part> {
  const metrics = new ExactMetrics()
  const server = new JuntoServer({ host: '127.0.0.1', port: 0, logLevel: 'warn', limits: enough, metrics })
  server.define(Game, GameRoom, { tickRate, patchRate, maxMembers: 1_000 })
  await server.listen()
  return {
    ready: server.address?.port,
    counters: () => ({ ticks, applied: metrics.read('inputs_applied', { room: Game.name }) }),
    commands: { delays: () => delays.take() },
    close: () => server.close(),
  }
}

const { input: codec } = compileLayout(layoutOf(Game))
/** What comes of the state, and of how far the server is with the inputs. */
const expected = new Set<unknown>([frameType.patch, frameType.check, frameType.stamp])

export async function play(port: number, received: (bytes: number) => void): Promise<Player> {
  const client = await LeanClient.open(
    port,
    { room: Game.name, key: 'game' },
    ({ type, no, content }) => {
      if (!expected.has(type)) throw new Error(`this came: ${JSON.stringify([type, no, content])}`)
    },
    received,
  )
  return {
    send: (seq, held) => {
      client.add(packr.pack([frameType.inputs, seq, Date.now(), 100, [codec?.encode(held, 'input')]]))
    },
    close: () => client.close(),
  }
}
