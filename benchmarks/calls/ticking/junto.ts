import { readFileSync } from 'node:fs'
import { JuntoServer, Room } from '@junto/server'
import type { Part } from '../../harness.ts'
import { enough } from '../../limits.ts'
import { Arena } from '../contract.ts'
import { frameType, LeanClient } from '../lean-client.ts'
import { isMoved, moved, tickRate } from './peer.ts'

// Junto's server with everything on that it has, under clients as lean as those of raw-ws. junto-client.ts has ours.

let broadcasting = false
let n = 0
let deliveries = 0

class ArenaRoom extends Room(Arena) {
  onCreate() {
    return { x: 0 }
  }

  override onTick() {
    if (!broadcasting) return
    this.broadcast.moved(moved(n++))
    deliveries += this.members.size
  }

  readonly handlers = this.handle({
    move: ({ x }) => (this.state.x = x),
    crowd: ({ events }, { member }) => {
      for (let i = 0; i < events; i++) member.send.moved(moved(i))
      return (this.state.x += 1)
    },
  })
}

export async function serve(): Promise<Part> {
  const server = new JuntoServer({ host: '127.0.0.1', port: 0, logLevel: 'warn', limits: enough })
  server.define(Arena, ArenaRoom, { tickRate, maxMembers: 1_000 })
  await server.listen()
  return {
    ready: server.address?.port,
    counters: () => ({ deliveries, systemWrites: systemWrites() }),
    commands: {
      begin: () => void (broadcasting = true),
      end: () => void (broadcasting = false),
    },
    close: () => server.close(),
  }
}

/** System calls of this process so far that wrote something, wherever to. Linux counts them. */
function systemWrites(): number {
  if (process.platform !== 'linux') return NaN
  return Number(/^syscw: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

export async function watch(port: number, received: (n: number) => void): Promise<{ close(): void }> {
  return LeanClient.open(port, { room: Arena.name, key: 'arena' }, ({ type, no, content }) => {
    if (type === frameType.stamp) return // the time of each tick
    const [n, x, y]: unknown[] = type === frameType.event && no === 0 && Array.isArray(content) ? content : []
    if (typeof n !== 'number' || typeof x !== 'number' || typeof y !== 'number' || !isMoved({ n, x, y }))
      throw new Error(`this came: ${JSON.stringify([type, no, content])}`)
    received(n)
  })
}
