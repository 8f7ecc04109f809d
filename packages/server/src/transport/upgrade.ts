import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { plainAddress, type ProxyTrust } from './proxy-trust.ts'
import { subprotocol } from './transport.ts'
import type { Arrival, Refusal } from './transport.ts'

/**
 * What is wrong with a request that wants to become a WebSocket, if anything.
 *
 * @param tokens Whether credentials in the query of the URL are let pass: nobody reads them here.
 */
export function checkUpgrade(
  request: IncomingMessage,
  tokens: 'refuse' | 'ignore',
): (Refusal & { headers?: Record<string, string> }) | undefined {
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
  if (tokens === 'refuse' && hasToken(request.url ?? '')) {
    return {
      status: 400,
      reason: 'token_in_url',
      message:
        'Credentials do not belong into the URL, which proxies and servers write into their logs: ' +
        "give them to the client's auth, which sends them in its first message.",
    }
  }
  return undefined
}

/** Names under which credentials stand in a query. */
const tokenName =
  /^(?:(?:access|auth|id|api|session|bearer|refresh)[-_.]?)?(?:token|key|secret)$|^(?:auth|authorization|jwt|password|passwd|pwd|credentials?|sid|apikey)$/i

function hasToken(url: string): boolean {
  const query = url.indexOf('?')
  if (query === -1) return false
  for (const [name, value] of new URLSearchParams(url.slice(query + 1))) {
    if (value !== '' && tokenName.test(name)) return true
  }
  return false
}

/** Who asks, for {@link Acceptor.admit}. */
export function arrivalOf(request: IncomingMessage, proxies: ProxyTrust): Arrival {
  const { headers, socket } = request
  const peer = plainAddress(socket.remoteAddress)
  return {
    remoteAddress: proxies.clientOf(peer, forwardedFor(request)),
    origin: headers.origin,
    // A proxy that asks by another name may say by which it was asked itself.
    host: (proxies.trusts(peer) ? lastOf(headers['x-forwarded-host']) : undefined) ?? headers.host,
  }
}

/** What proxies say about whom they were asked by, in all lines of that name. */
export function forwardedFor({ headers }: IncomingMessage): string | undefined {
  const said = headers['x-forwarded-for']
  return Array.isArray(said) ? said.join(',') : said
}

function lastOf(header: string | string[] | undefined): string | undefined {
  const last = (Array.isArray(header) ? header.join(',') : header)?.split(',').at(-1)?.trim()
  return last === '' ? undefined : last
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
