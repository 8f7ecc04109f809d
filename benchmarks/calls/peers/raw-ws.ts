import type { Part } from '../../harness.ts'
import { check, listen, open, packr, type Request } from '../hand-made.ts'
import type { Caller } from '../peer.ts'
import { place, placement } from '../work.ts'

// Each call is a message, each message is answered with one.

export function serve(): Promise<Part> {
  return listen((socket) => {
    socket.on('message', (data: Buffer) => {
      const [no, method, params]: Request = packr.unpack(data)
      if (method === 'place') socket.send(packr.pack([no, place(params)]))
    })
  })
}

export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const socket = await open(port)
  socket.on('message', (data: Buffer) => answered(check(packr.unpack(data))))
  return {
    call: (n) => socket.send(packr.pack([n, 'place', placement(n)])),
    close: () => socket.terminate(),
  }
}
