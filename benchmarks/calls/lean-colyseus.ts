import { WebSocket } from 'ws'
import { packr } from './hand-made.ts'

// A client of Colyseus's server that is not its own but speaks its protocol as leanly as the clients of the hand-made peers do theirs, so that
// the load generator does not weigh differently.

/** The first byte of a message: its `Protocol` in @colyseus/shared-types. */
const protocol = {
  joinRoom: 10,
  roomData: 13,
  roomState: 14,
  statePatch: 15,
  ping: 18,
  request: 21,
  response: 22,
} as const

/** What is told of the state, which these clients do not use. */
const unused = new Set<number | undefined>([protocol.roomState, protocol.statePatch, protocol.ping])

/** What a client got. */
export type ColyseusMessage =
  | { readonly kind: 'message'; readonly type: string; readonly payload: unknown }
  | { readonly kind: 'response'; readonly no: number; readonly result: unknown }

/** One client in one room. */
export class LeanColyseus {
  /** Asks for a seat by HTTP, takes it over a WebSocket, and resolves when it has joined. */
  static async join(port: number, room: string, take: (message: ColyseusMessage) => void): Promise<LeanColyseus> {
    const response = await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/${room}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    const seat: unknown = await response.json()
    // What its SDK expects, too.
    const { processId, roomId, sessionId } = seat as { processId: string; roomId: string; sessionId: string }
    const url = `ws://127.0.0.1:${port}/${processId}/${roomId}?sessionId=${sessionId}`
    const socket = new WebSocket(url, { perMessageDeflate: false })
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject)
      socket.on('close', (code) => reject(new Error(`the server closed the connection with ${code}`)))
      socket.on('message', (data: Buffer) => {
        if (data[0] === protocol.joinRoom) {
          socket.send(Buffer.of(protocol.joinRoom))
          resolve()
        } else if (!unused.has(data[0])) take(read(data))
      })
    })
    return new LeanColyseus(socket)
  }

  private constructor(private readonly socket: WebSocket) {}

  /** Sends a message that the server is to answer. At most 128 of them are under way at a time, so that a number is one byte. */
  request(no: number, type: string, payload: unknown): void {
    const name = packr.pack(type)
    this.socket.send(Buffer.concat([Buffer.of(protocol.request, no & 127), name, packr.pack(payload)]))
  }

  close(): void {
    this.socket.removeAllListeners('message')
    this.socket.close(1000)
  }
}

/** @throws when it is no message, or a call failed. */
function read(data: Buffer): ColyseusMessage {
  const [code, second = 0, status] = data
  if (code === protocol.response && status === 0) {
    return { kind: 'response', no: second, result: packr.unpack(data.subarray(3)) }
  }
  if (code !== protocol.roomData) throw new Error(`this came: ${data.toString('hex')}`)
  const [type, payload]: unknown[] = packr.unpackMultiple(data.subarray(1))
  return { kind: 'message', type: String(type), payload }
}
