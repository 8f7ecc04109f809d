import type { Acceptor, Transport } from '@junto/server'

/** A transport over another one. `look` sees what a server gives to a connection, with its remote address. */
export function watchedTransport(transport: Transport, look: (address: string, bytes: Uint8Array) => void): Transport {
  const watched = (acceptor: Acceptor): Acceptor => ({
    admit: (arrival) => acceptor.admit(arrival),
    turnedAway: (reason) => acceptor.turnedAway(reason),
    accept: (connection) =>
      acceptor.accept({
        remoteAddress: connection.remoteAddress,
        origin: connection.origin,
        get bufferedAmount() {
          return connection.bufferedAmount
        },
        send(message) {
          look(connection.remoteAddress, message)
          connection.send(message)
        },
        ping(message) {
          if (message !== undefined) look(connection.remoteAddress, message)
          connection.ping(message)
        },
        close: (code, reason) => connection.close(code, reason),
        terminate: () => connection.terminate(),
        pause: () => connection.pause(),
        resume: () => connection.resume(),
      }),
  })
  return {
    get url() {
      return transport.url
    },
    listen: (acceptor) => transport.listen(watched(acceptor)),
    close: () => transport.close(),
  }
}
