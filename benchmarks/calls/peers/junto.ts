import { randomBytes } from 'node:crypto'
import { JuntoServer, Room } from '@junto/server'
import { Packr } from 'msgpackr'
import type { WebSocket } from 'ws'
import type { Part } from '../../harness.ts'
import { enough } from '../../limits.ts'
import { Board } from '../contract.ts'
import { check, open } from '../hand-made.ts'
import type { Caller } from '../peer.ts'
import { counters, place, placement } from '../work.ts'

// Junto's server with everything on that it has. The client here is none of ours but speaks the protocol as leanly as
// the clients of the other peers do, so that the load generator does not weigh differently. junto-client.ts has ours.

class BoardRoom extends Room(Board) {
  onCreate() {
    return { title: 'calls' }
  }
  readonly handlers = this.handle({ place })
}

export async function serve(): Promise<Part> {
  const server = new JuntoServer({ host: '127.0.0.1', port: 0, logLevel: 'warn', limits: enough })
  server.define(Board, BoardRoom, { maxMembers: 1_000 })
  await server.listen()
  return { ready: server.address?.port, counters, close: () => server.close() }
}

// See docs/protocol.md for the frames.
const hello = 1
const welcome = 2
const join = 3
const joined = 4
const call = 17
const reply = 18
const beat = 8
const ack = 11
const snapshot = 26

/** The room ref that this client gives to its one room. */
const ref = 1
/** Milliseconds until a call fails, as @junto/client sends them by default. */
const timeout = 15_000

const packr = new Packr({ useRecords: false, variableMapSize: true })

export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const socket = await open(port, 'junto.v1')
  const link = new Link()
  const calls = new CallBatch(socket, link)
  await new Promise<void>((resolve, reject) => {
    socket.on('message', (data: Buffer) => {
      packr.unpackMultiple(data, (value: unknown) => {
        if (!Array.isArray(value)) return // the room that the next frames are about: there is only one
        const [type, no, content] = value
        if (type === reply) {
          link.received++
          answered(check([no - 1, { id: content[0], distance: content[1] }]))
        } else if (type === joined) {
          link.received++
          resolve()
        } else if (type !== welcome && type !== beat && type !== ack && type !== snapshot) {
          reject(new Error(`frame ${JSON.stringify(value)}`))
        }
      })
    })
    const [session, secret] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
    const to = { by: 'open', room: Board.name, key: 'calls', layouts: [] }
    socket.send(Buffer.concat([packr.pack([hello, { session, secret }]), packr.pack([join, ref, to])]))
  })
  // Says goodbye: who is only gone keeps its seat.
  return { call: (n) => calls.add(n), close: () => socket.close(1000) }
}

/** Batches that have something to send at the end of this turn. */
let filled: CallBatch[] = []

function sendAll(): void {
  const batches = filled
  filled = []
  for (const batch of batches) batch.send()
}

const room = packr.pack(ref)

/** What a session has taken, and said that it has: acks ride on messages that leave anyway, for eight frames at a time. */
class Link {
  received = 0
  private acknowledged = 0

  ack(): Buffer | undefined {
    if (this.received - this.acknowledged < 8) return undefined
    this.acknowledged = this.received
    return packr.pack([ack, this.received])
  }
}

class CallBatch {
  private parts: Buffer[] = []

  constructor(
    private readonly socket: WebSocket,
    private readonly link: Link,
  ) {}

  add(n: number): void {
    const { name, x, y, color, locked } = placement(n)
    this.parts.push(packr.pack([call, n + 1, 0, [name, x, y, color, locked], timeout, 0]))
    if (this.parts.length === 1 && filled.push(this) === 1) setImmediate(sendAll)
  }

  send(): void {
    const ack = this.link.ack()
    const message = Buffer.concat(ack === undefined ? [room, ...this.parts] : [ack, room, ...this.parts])
    this.parts = []
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(message)
  }
}
