import type { Part } from '../harness.ts'
import { heldBy, type Rules } from './contract.ts'
import type { PeerModule, Player } from './peer.ts'

/** What {@link load} is told at its start. */
export interface LoadSettings {
  /** The module in peers/. */
  readonly peer: string
  readonly port: number
  readonly rules: Rules
  /** Inputs that each client sends a second; as many as there are ticks when absent. */
  readonly inputRate?: number | undefined
}

/** Clients that are to come. */
export interface Arrivals {
  readonly clients: number
  /** So many of them come to each room. */
  readonly perRoom: number
}

/** Connections that are being made at a time. */
const atOnce = 16

/** Clients of rooms. They send from the command `begin` on until `end`, each in a phase of its own. */
export async function load(settings: unknown): Promise<Part> {
  const { peer, port, rules, inputRate = rules.tickRate } = settings as LoadSettings // from play.ts
  const { play }: PeerModule = await import(new URL(`./peers/${peer}.ts`, import.meta.url).href)
  let received = 0
  let bytes = 0
  let sent = 0
  const heard = (size: number): void => {
    received++
    bytes += size
  }
  const players: { readonly player: Player; seq: number; due: number }[] = []
  const interval = 1000 / inputRate
  let timer: NodeJS.Timeout | undefined

  /** Adds clients until there are so many. */
  async function arrive({ clients, perRoom }: Arrivals): Promise<void> {
    const numbers = Array.from({ length: clients - players.length }, (_, n) => players.length + n).values()
    const lane = async (): Promise<void> => {
      for (const n of numbers) {
        const player = await play({ port, rules, room: `room-${Math.floor(n / perRoom)}` }, heard)
        players.push({ player, seq: 0, due: 0 })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
  }

  function send(): void {
    const now = performance.now()
    for (const [n, one] of players.entries()) {
      for (; one.due <= now; one.due += interval) {
        one.seq++
        one.player.send(one.seq, heldBy(n, one.seq))
        sent++
      }
    }
    timer = setTimeout(send, 1)
  }

  return {
    counters: () => ({ received, bytes, sent }),
    commands: {
      arrive: (arrivals) => arrive(arrivals as Arrivals), // commands come from the benchmarks
      begin() {
        const now = performance.now()
        for (const [n, one] of players.entries()) one.due = now + (n / players.length) * interval
        send()
      },
      end: () => clearTimeout(timer),
    },
    close() {
      clearTimeout(timer)
      for (const { player } of players) player.close()
    },
  }
}
