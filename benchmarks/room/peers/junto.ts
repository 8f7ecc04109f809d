import { JuntoClient, optimistic, sampleInputs } from '@junto/client'
import { compileLayout, layoutOf } from '@junto/schema/internal'
import { JuntoServer, MemoryMetrics, Room, type Histogram, type Labels, type Member } from '@junto/server'
import type { Part } from '../../harness.ts'
import { frameType, LeanClient } from '../../calls/lean-client.ts'
import { packr } from '../../calls/hand-made.ts'
import { enough } from '../../limits.ts'
import { games, heldBy, mutatorsOf, run, startOf, type Game, type Rules } from '../contract.ts'
import type { Entered, Place, Player, Program } from '../peer.ts'
import { Delays } from '../steps.ts'

// Junto's server with everything on that it has. The clients that load it are as lean as those of raw-ws; the two that are looked at are
// @junto/client, with mutators and with inputs in step with the room's ticks.

let ticks = 0
let joined = 0

function roomOf({ game, others = 0 }: Rules) {
  const names = Array.from({ length: others }, (_, n) => `other-${n}`)

  class GameRoom extends Room(games[game].contract) {
    readonly mutators = mutatorsOf(game)

    onCreate() {
      return { players: Object.fromEntries(names.map((name, n) => [name, startOf(n)])), mark: 0 }
    }

    override onJoin({ id }: Member<Game>) {
      this.state.players.set(id, startOf(joined++))
    }

    override onLeave({ id }: Member<Game>) {
      this.state.players.delete(id)
    }

    override onTick(dt: number) {
      ticks++
      for (const [n, name] of names.entries()) {
        const runner = this.state.players.get(name)
        if (runner !== undefined) run(game, runner, heldBy(n, ticks), dt)
      }
    }
  }
  if (game !== 'arcade') return GameRoom
  /** Its ships shoot: it looks back at where they were. */
  return class ShootingRoom extends GameRoom {
    readonly rewind = this.rewindable((state) => state.players, ['x', 'y', 'aim'])
  }
}

/** Keeps each delay of the server's own series, of which others have buckets only. */
class ExactMetrics extends MemoryMetrics {
  readonly late = new Delays()

  override histogram(name: string, labels?: Labels, buckets?: readonly number[]): Histogram {
    if (name === 'tick_delay_seconds') return { observe: (seconds) => this.late.add(seconds * 1000) }
    return super.histogram(name, labels, buckets)
  }
}

export async function serve(rules: Rules): Promise<Part> {
  const { game, tickRate, patchRate } = rules
  const metrics = new ExactMetrics()
  const server = new JuntoServer({ host: '127.0.0.1', port: 0, logLevel: 'warn', limits: enough, metrics })
  server.define(games[game].contract, roomOf(rules), { tickRate, patchRate, maxMembers: 2_000 })
  await server.listen()
  return {
    ready: server.address?.port,
    counters: () => ({ ticks, applied: metrics.read('inputs_applied', { room: games[game].contract.name }) }),
    commands: { late: () => metrics.late.take() },
    close: () => server.close(),
  }
}

/** A piece of what is larger than 16 KiB. */
const part = 9
/** What comes of the state, and of how far the server is with the inputs. */
const expected = new Set<unknown>([part, frameType.patch, frameType.check, frameType.stamp])

export async function play({ port, rules, room }: Place, received: (bytes: number) => void): Promise<Player> {
  const { contract } = games[rules.game]
  const { input: codec } = compileLayout(layoutOf(contract))
  const client = await LeanClient.open(
    port,
    { room: contract.name, key: room },
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

export async function enter({ port, rules, room: key }: Place, program: Program): Promise<Entered> {
  const client = new JuntoClient({ url: `ws://127.0.0.1:${port}` })
  const { game } = rules
  const room = await client.open(games[game].contract, { key, mutators: optimistic(mutatorsOf(game)) })
  sampleInputs(room, () => program.sample(), { auto: true })
  room.watch((state) => state.mark, { changed: (mark) => program.seen(mark) })
  return { close: () => void client.close() }
}
