import { readFileSync } from 'node:fs'
import { JuntoClient, type JoinedRoom } from '@junto/client'
import { JuntoServer, Room } from '@junto/server'
import type { Part } from '../../harness.ts'
import { enough } from '../../limits.ts'
import { Arena } from '../contract.ts'
import type { Caller } from '../peer.ts'
import { isMoved, moved, tickRate } from './peer.ts'

// Junto's server with everything on that it has, and its own client.

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

export async function enter(port: number): Promise<{ client: JuntoClient; room: JoinedRoom<typeof Arena> }> {
  const client = new JuntoClient({ url: `ws://127.0.0.1:${port}` })
  return { client, room: await client.open(Arena, { key: 'arena' }) }
}

/** A client whose calls write, and do not wait for the patch. */
export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const { client, room } = await enter(port)
  let closed = false
  const move = async (n: number): Promise<void> => {
    const x = await room.call.move({ x: n }, { settle: 'reply' })
    if (x !== n) throw new Error(`call ${n} was answered with ${x}`)
    answered(n)
  }
  return {
    call(n) {
      move(n).catch((error: unknown) => {
        if (!closed) throw error
      })
    },
    close() {
      closed = true
      void client.close()
    },
  }
}

export async function watch(port: number, received: (n: number) => void): Promise<{ close(): void }> {
  const { client, room } = await enter(port)
  room.on('moved', (payload) => {
    if (!isMoved(payload)) throw new Error(`this came: ${JSON.stringify(payload)}`)
    received(payload.n)
  })
  return { close: () => void client.close() }
}
