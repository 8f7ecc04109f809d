import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net'
import { openSocket } from '@junto/client/node-socket'
import { JuntoServer } from '@junto/server'
import { VirtualClock } from '@junto/testing'
import { afterAll, expect, it } from 'vitest'
import { reach } from './reach.ts'
import { selfSigned } from './self-signed.fixture.ts'
import { SystemClock } from './system-clock.ts'

const servers: TcpServer[] = []

/** Where a server listens: `127.0.0.1:1234`. */
function hostOf(server: TcpServer): Promise<string> {
  servers.push(server)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

/** A server that answers each upgrade like this. */
function answering(status: string): Server {
  return createServer().on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status}\r\n\r\n`))
}

afterAll(() => {
  for (const server of servers) server.close()
})

const tryToReach = (url: string): Promise<string | undefined> => reach(url, openSocket, new SystemClock())

it('says nothing of a server that answers', async () => {
  const server = new JuntoServer({ port: 0, host: '127.0.0.1', logLevel: 'error' })
  await server.listen()
  expect(await tryToReach(server.url ?? '')).toBeUndefined()
  await server.close()
})

it('says when one side wants TLS and the other does not, and with what to try it', async () => {
  const [plain, secure] = [await hostOf(createServer()), await hostOf(createSecureServer(selfSigned))]
  expect(await tryToReach(`wss://${plain}/live`)).toBe(
    `wss://${plain}/live cannot be reached: what listens there does not speak TLS. Try ws://${plain}/live`,
  )
  expect(await tryToReach(`ws://${secure}`)).toBe(
    `ws://${secure} cannot be reached: the connection was ended at once. If the server has TLS, try wss://${secure}`,
  )
  const mute = await hostOf(createTcpServer((socket) => socket.end()))
  expect(await tryToReach(`wss://${mute}`)).toMatch(/was ended before TLS began\. .* try ws:\/\/127/)
})

it('says how a certificate that is signed by itself can be trusted', async () => {
  const host = await hostOf(createSecureServer(selfSigned))
  expect(await tryToReach(`wss://${host.replace('127.0.0.1', 'localhost')}`)).toMatch(
    /cannot be reached: its certificate is signed by itself, which Node does not trust\. .*NODE_EXTRA_CA_CERTS=/,
  )
})

it.each([
  ['400 Bad Request', /takes no WebSocket at this path\. Is the path right\? If the server has TLS, try wss:\/\/127/],
  ['404 Not Found', /not at this path\. A server that shares its port may have one: ws:/],
  ['401 Unauthorized', /refuses it before any credentials/],
  ['301 Moved', /refers to another address\. Use that one\./],
  ['429 Too Many', /takes no more connections at the moment/],
  ['502 Bad Gateway', /a proxy answers there, behind which no server does/],
  ['200 OK', /what answers there is no Junto server/],
])('says what an answer of %s means', async (status, said) => {
  expect(await tryToReach(`ws://${await hostOf(answering(status))}`)).toMatch(said)
})

it('says when nothing listens there, and when what does speaks something else', async () => {
  expect(await tryToReach('ws://127.0.0.1:1')).toBe(
    'ws://127.0.0.1:1 cannot be reached: nothing listens at 127.0.0.1:1. Is the server running, and on this port?',
  )
  const host = await hostOf(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')))
  expect(await tryToReach(`ws://${host}`)).toMatch(/is no Junto server\. Are port and path right\?/)
})

// What Node says where no test can have it: without a network, or of certificates that somebody has signed.
it.each([
  ['getaddrinfo ENOTFOUND game.invalid', /no address is known for the name 'game\.invalid'\. Is the name right\?/],
  ['connect ENETUNREACH', /no network leads from here to game\.invalid/],
  ['unable to verify the first certificate', /nobody whom Node trusts has signed its certificate/],
  ['certificate has expired', /has expired\. Renew it\./],
  ["Hostname/IP does not match certificate's altnames", /is for other names\. Use one of them in --url\./],
  ['something new', /cannot be reached: something new\. Is the address right\?/],
])('of %s says what to try', async (reason, said) => {
  const open = (_url: string, _subprotocol: string, events: { close(code: number, reason: string): void }) => {
    queueMicrotask(() => events.close(1006, reason))
    return { bufferedAmount: 0, send() {}, close() {} }
  }
  expect(await reach('wss://game.invalid', open, new VirtualClock())).toMatch(said)
})

it('does not wait for ever', async () => {
  const clock = new VirtualClock()
  const answer = reach('ws://game.invalid', () => ({ bufferedAmount: 0, send() {}, close() {} }), clock)
  await clock.advance(10_000)
  expect(await answer).toBe('ws://game.invalid does not answer within 10 s. Is a firewall in between?')
})
