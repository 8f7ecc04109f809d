import type { Part } from '../../harness.ts'
import { heldBy, tickRate } from '../contract.ts'
import type { PeerModule, Player } from './peer.ts'

/** What {@link load} is told at its start. */
export interface LoadSettings {
  /** The module beside this one. */
  readonly peer: string
  readonly port: number
  readonly clients: number
}

/** Clients of one room. They send between `begin` and `end`, each in a phase of its own. */
export async function load(settings: unknown): Promise<Part> {
  const { peer, port, clients } = settings as LoadSettings // from measure.ts
  const module: PeerModule = await import(new URL(`./${peer}.ts`, import.meta.url).href)
  let received = 0
  let bytes = 0
  let sent = 0
  const players: { readonly player: Player; seq: number; due: number }[] = []
  for (let n = 0; n < clients; n++) {
    const player = await module.play(port, (size) => {
      received++
      bytes += size
    })
    players.push({ player, seq: 0, due: 0 })
  }
  const interval = 1000 / tickRate
  let timer: NodeJS.Timeout | undefined

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
      begin() {
        const now = performance.now()
        for (const [n, one] of players.entries()) one.due = now + (n / clients) * interval
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
