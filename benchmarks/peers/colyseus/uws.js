// Its transport on uWebSockets.js. Of its own: a server on the other transport does not load it.
import uWebSockets from 'uWebSockets.js'

export { uWebSocketsTransport } from '@colyseus/uwebsockets-transport'
/** The port that a transport listens on, which it does not tell. */
export const portOf = (transport) => uWebSockets.us_socket_local_port(transport._listeningSocket)
