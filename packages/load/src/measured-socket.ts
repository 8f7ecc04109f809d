import type { OpenSocket } from '@junto/client'

/** What goes through the sockets of bots. */
export interface Traffic {
  /** A message of so many bytes came. */
  received(bytes: number): void
  /** One was sent. */
  sent(bytes: number): void
}

/** Opens sockets whose messages are counted. */
export function measuredSocket(open: OpenSocket, traffic: Traffic): OpenSocket {
  return (url, subprotocol, events) => {
    const socket = open(url, subprotocol, {
      open: () => events.open(),
      message: (data) => {
        traffic.received(data.length)
        events.message(data)
      },
      close: (code, reason) => events.close(code, reason),
    })
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      send: (message) => {
        traffic.sent(message.length)
        socket.send(message)
      },
      close: (code, reason) => socket.close(code, reason),
    }
  }
}
