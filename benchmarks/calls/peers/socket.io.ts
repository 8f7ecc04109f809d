import type { Part } from '../../harness.ts'
import { listenSocketIo, SocketIoClient } from '../../socket.io.ts'
import { check } from '../hand-made.ts'
import type { Caller } from '../peer.ts'
import { counters, place, placement, type Placed, type Placement } from '../work.ts'

// Calls are events that the server acknowledges with the result: what `emitWithAck` of Socket.IO's client sends.

export async function serve(): Promise<Part> {
  const { io, port, close } = await listenSocketIo()
  io.on('connection', (socket) => {
    socket.on<Placement, Placed>('place', (params, acknowledge) => acknowledge(place(params)))
  })
  return { ready: port, counters, close }
}

export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const client = await SocketIoClient.open(port, (packet) => {
    if (packet.kind !== 'acknowledgement') throw new Error(`this came: ${JSON.stringify(packet)}`)
    // check looks at it.
    answered(check([packet.no, packet.result as Placed]))
  })
  return {
    call: (n) => client.emitWithAck(n, 'place', placement(n)),
    close: () => client.close(),
  }
}
