import type { OpenSocket } from '@junto/client'
import { DelayLine, type Conditions, type Timers } from './delay-line.ts'

/** What has passed a socket. */
export interface Traffic {
  /** Bytes of messages, to the server and from it. */
  up: number
  down: number
  /** Messages. */
  sent: number
  received: number
}

/**
 * Makes of what opens sockets something that opens bad ones: each message is delayed, both ways, and counted. It is the option `socket` of a
 * client; nothing else in the page knows of it.
 */
export function laggingSocket(
  open: OpenSocket,
  conditions: Readonly<Conditions>,
  traffic: Traffic,
  timers: Timers,
  random: () => number,
): OpenSocket {
  return (url, subprotocol, events) => {
    const up = new DelayLine(conditions, timers, random)
    const down = new DelayLine(conditions, timers, random)
    let waiting = 0
    let ended = false
    const socket = open(url, subprotocol, {
      open: () => down.push(() => !ended && events.open()),
      message: (data) => {
        traffic.down += data.length
        traffic.received++
        down.push(() => !ended && events.message(data))
      },
      close: (code, reason) => {
        down.push(() => {
          if (!ended) events.close(code, reason)
          ended = true
        })
      },
    })
    return {
      get bufferedAmount() {
        return socket.bufferedAmount + waiting
      },
      send: (message) => {
        traffic.up += message.length
        traffic.sent++
        waiting += message.length
        up.push(() => {
          waiting -= message.length
          socket.send(message)
        })
      },
      // Behind what was sent before.
      close: (code, reason) => up.push(() => socket.close(code, reason)),
    }
  }
}
