import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { subprotocol } from './transport.ts'
import type { Arrival, Refusal } from './transport.ts'

/** What is wrong with a request that wants to become a WebSocket, if anything. */
export function checkUpgrade(request: IncomingMessage): (Refusal & { headers?: Record<string, string> }) | undefined {
  const { headers } = request
  if (request.method !== 'GET') {
    return { status: 405, reason: 'bad_request', message: 'A WebSocket begins with a GET request.' }
  }
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 400, reason: 'bad_request', message: 'Only an upgrade to a WebSocket is possible here.' }
  }
  if (headers['sec-websocket-version'] !== '13') {
    return {
      status: 400,
      reason: 'bad_request',
      message: 'Only version 13 of the WebSocket protocol is spoken here.',
      headers: { 'Sec-WebSocket-Version': '13' },
    }
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    return { status: 400, reason: 'bad_request', message: 'The header Sec-WebSocket-Key is missing or wrong.' }
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  if (!offered.includes(subprotocol)) {
    return {
      status: 400,
      reason: 'subprotocol',
      message: `This server speaks the WebSocket subprotocol ${subprotocol}, which the client did not offer.`,
    }
  }
  return undefined
}

/** Who asks, for {@link Acceptor.admit}. */
export function arrivalOf(request: IncomingMessage): Arrival {
  return {
    remoteAddress: plainAddress(request.socket.remoteAddress),
    origin: request.headers.origin,
    host: request.headers.host,
  }
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/'
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** Answers a request on its bare socket, and ends it. */
export function refuseUpgrade(
  socket: Duplex,
  { status, message, retryAfter, headers = {} }: Refusal & { headers?: Record<string, string> },
): void {
  const body = `${message}\n`
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  // Whoever does not read the answer must not keep the socket by that.
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** IPv4 clients of a socket that listens on IPv6 as well have addresses such as `::ffff:10.0.0.1`. */
function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
