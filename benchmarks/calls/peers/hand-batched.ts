import type { WebSocket } from 'ws'
import type { Part } from '../../harness.ts'
import { check, listen, open, packr, type Request, type Response } from '../hand-made.ts'
import type { Caller } from '../peer.ts'
import { place, placement } from '../work.ts'

// The same as raw-ws, with what one turn of the event loop has for one connection in one message.

export function serve(): Promise<Part> {
  return listen((socket) => {
    const batch = new Batch<Response>(socket)
    socket.on('message', (data: Buffer) => {
      const requests: Request[] = packr.unpack(data)
      for (const [no, method, params] of requests) {
        if (method === 'place') batch.add([no, place(params)])
      }
    })
  })
}

export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const socket = await open(port)
  const batch = new Batch<Request>(socket)
  socket.on('message', (data: Buffer) => {
    const responses: Response[] = packr.unpack(data)
    for (const response of responses) answered(check(response))
  })
  return {
    call: (n) => batch.add([n, 'place', placement(n)]),
    close: () => socket.terminate(),
  }
}

/** Batches that have something to send at the end of this turn. */
let filled: Batch<unknown>[] = []

function sendAll(): void {
  const batches = filled
  filled = []
  for (const batch of batches) batch.send()
}

class Batch<T> {
  private values: T[] = []

  constructor(private readonly socket: WebSocket) {}

  add(value: T): void {
    if (this.values.push(value) > 1) return
    if (filled.push(this) === 1) setImmediate(sendAll)
  }

  send(): void {
    const message = packr.pack(this.values)
    this.values = []
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(message)
  }
}
