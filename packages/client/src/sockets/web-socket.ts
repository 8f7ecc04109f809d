import type { OpenSocket } from './socket.ts'

/** A socket over the global `WebSocket`: browsers, workers, Deno, Bun, and Node from version 22 on. */
export const openSocket: OpenSocket = (url, subprotocol, events) => {
  const socket = new WebSocket(url, subprotocol)
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => events.open()
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) =>
    events.message(typeof data === 'string' ? data : new Uint8Array(data))
  // A browser says nothing in it, and `onclose` always follows; but a WebSocket that is really an emitter of Node
  // (`globalThis.WebSocket = ws`) would end the process without a listener.
  socket.onerror = () => {}
  socket.onclose = ({ code, reason }) => events.close(code, reason)
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    // The message is a view of an ArrayBuffer, never of a shared one, which is all that the narrower type asks for.
    send: (message) => socket.send(message as Uint8Array<ArrayBuffer>),
    // A browser allows a program only 1000 and 3000–4999.
    close: (code, reason) => socket.close(code, reason),
  }
}
