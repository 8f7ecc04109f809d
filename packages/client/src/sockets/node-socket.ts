import { WebSocket } from 'ws'
import type { OpenSocket } from './socket.ts'

/** Milliseconds to wait for the other side's half of the closing: ws's 30 s would hold a program that wants to end. */
const closeTimeout = 2_000

/** Milliseconds for the connection and its upgrade. The client has a deadline of its own; this one frees the socket. */
const handshakeTimeout = 20_000

/** A socket over `ws`: Node. */
export const openSocket: OpenSocket = (url, subprotocol, events) => {
  const options = { perMessageDeflate: false, handshakeTimeout, closeTimeout }
  const socket = new WebSocket(url, subprotocol, options)
  socket.binaryType = 'nodebuffer'
  let failure = ''
  socket.on('open', () => events.open())
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    events.message(isBinary ? data : data.toString('utf8'))
  })
  // Without a listener an error would end the process. `close` always follows, and says less: 1006 and no reason.
  socket.on('error', (error) => {
    failure = reasonOf(error)
  })
  socket.on('close', (code, reason) => events.close(code, reason.length > 0 ? reason.toString('utf8') : failure))
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message)
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

/** `connect ECONNREFUSED 127.0.0.1:1727`; several addresses were tried when the message is empty. */
function reasonOf(error: Error): string {
  if (error.message !== '') return error.message
  if (error instanceof AggregateError) {
    return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join(', ')
  }
  return error.name
}
