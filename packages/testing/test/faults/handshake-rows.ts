import { FrameType } from '@junto/protocol/internal'
import type { JoinedFrame, JoinFrame, RefusedFrame } from '@junto/protocol/internal'
import { SystemClock } from '@junto/server'
import { expect } from 'vitest'
import { RawPeer, rawFrame } from './raw-peer.ts'
import { closed, refused } from './rows.ts'
import type { Row } from './rows.ts'
import { seen, shortDeadlines, Target } from './target.ts'
import { soon } from './soon.ts'

const clock = new SystemClock()

const joinGuarded: JoinFrame = { type: FrameType.join, ref: 1, by: 'open', room: 'guarded', key: 'vault' }

/** Does something every few milliseconds until the peer is gone. */
async function drip(peer: RawPeer, ms: number, send: () => void): Promise<void> {
  let cancel = () => {}
  const again = () => {
    if (!peer.gone) send()
    cancel = clock.after(ms, again)
  }
  again()
  await peer.until(() => peer.gone)
  cancel()
}

/** What went wrong at the handshake: section A. */
export const handshakeRows: readonly Row[] = [
  {
    fault: 'foreign Origin, or Origin: null → 403, no room code has run',
    attacks: ['https://evil.example', 'null', 'http://localhost.evil.example', 'not an origin'].map((origin) => ({
      name: origin,
      counts: [refused('origin')],
      run: async (target) => {
        const before = seen.created.length
        const peer = new RawPeer(target.port)
        const { status, body } = await peer.upgrade({ Origin: origin })
        expect(status).toBe(403)
        expect(body).toContain('does not let pages of this origin connect')
        expect(seen.created).toHaveLength(before)
      },
    })),
  },
  {
    fault: 'no Origin (not a browser) → by default allowed only with credentials where an authenticator is set',
    attacks: [
      {
        name: 'without credentials, to a guarded room',
        counts: [{ counter: 'joins_refused', labels: { code: 'unauthorized' } }],
        run: async (target) => {
          const before = seen.authentications.length
          const peer = await target.greeted()
          peer.send(joinGuarded)
          const { code, message } = await peer.frame<RefusedFrame>(FrameType.refused)
          expect(code).toBe('unauthorized')
          expect(message).toMatch(/asks programs that are no browser page for credentials, and the hello had none/)
          expect(seen.authentications).toHaveLength(before)
          peer.close()
        },
      },
      {
        name: 'with credentials, to a guarded room: the authenticator decides',
        counts: [],
        run: async (target) => {
          const peer = await target.greeted('a token')
          peer.send(joinGuarded)
          await soon(() => expect(seen.authentications.at(-1)?.credentials.token).toBe('a token'))
          seen.authentications.at(-1)?.answer({ id: 'ada' })
          await peer.frame<JoinedFrame>(FrameType.joined)
          peer.close()
        },
      },
      {
        name: 'without credentials, to an open room: allowed',
        counts: [],
        run: async (target) => {
          const { peer } = await target.joined('open')
          peer.close()
        },
      },
    ],
  },
  {
    fault: 'half a request header, a byte a second → 408 within the header deadline',
    attacks: [
      ['half a header', 'GET / HTTP/1.1\r\nHost: local'],
      ['nothing at all', ''],
    ].map(([name = '', start = '']) => ({
      name,
      counts: [refused('header_timeout')],
      run: async (target) => {
        const begun = clock.now()
        const peer = new RawPeer(target.port)
        peer.write(start)
        const dripping = start === '' ? undefined : drip(peer, 40, () => peer.write('x'))
        expect((await peer.answer()).status).toBe(408)
        await dripping
        // Upper bounds only: the test's own machine may be slow, the deadline may not be missed by much.
        expect(clock.now() - begun).toBeLessThan(shortDeadlines.headerTimeout + 500)
      },
    })),
  },
  {
    fault: '101, then silence, or rubbish for ever → closed at an absolute deadline; traffic does not extend it',
    attacks: [
      { name: 'silence', send: undefined },
      { name: 'pings', send: (peer: RawPeer) => peer.sendFrame({ opcode: 9 }) },
      { name: 'a message, byte by byte', send: (peer: RawPeer) => peer.write(Uint8Array.of(0x82)) },
      {
        name: 'fragments',
        send: (peer: RawPeer, n: number) =>
          peer.sendFrame({ opcode: n === 0 ? 2 : 0, fin: false, payload: Uint8Array.of(1) }),
      },
      {
        name: 'parts of a frame that never ends',
        send: (peer: RawPeer) => peer.send({ type: FrameType.part, more: true, bytes: Uint8Array.of(1) }),
      },
    ].map(({ name, send }) => ({
      name,
      counts: [closed('hello_timeout')],
      run: async (target) => {
        const peer = await RawPeer.open(target.port)
        const begun = clock.now()
        let sent = 0
        // A message byte by byte: its head first, then one byte of it at a time.
        if (name.includes('byte by byte')) peer.write(rawFrame({ declared: 60_000n }))
        if (send) await drip(peer, 30, () => send(peer, sent++))
        expect(await peer.closed()).toBe(4001)
        expect(clock.now() - begun).toBeGreaterThan(shortDeadlines.helloTimeout - 100)
        expect(clock.now() - begun).toBeLessThan(shortDeadlines.helloTimeout + 500)
      },
    })),
  },
  {
    fault: 'a 17 KB header → 431',
    attacks: [
      {
        name: 'in one line',
        counts: [refused('header_too_large')],
        run: async (target) => {
          const peer = new RawPeer(target.port)
          expect((await peer.upgrade({ Cookie: 'x'.repeat(17_408) })).status).toBe(431)
        },
      },
      {
        name: 'in many lines',
        counts: [refused('header_too_large')],
        run: async (target) => {
          const peer = new RawPeer(target.port)
          const lines = Object.fromEntries(Array.from({ length: 170 }, (_, n) => [`X-${n}`, 'x'.repeat(100)]))
          expect((await peer.upgrade(lines)).status).toBe(431)
        },
      },
    ],
  },
  {
    fault: 'connection reset during asynchronous authentication → no uncaught error, the pending slot is free again',
    attacks: ['reset', 'closed'].map((how) => ({
      name: how,
      counts: [closed(how === 'reset' ? 'lost' : 'left')],
      run: async (target) => {
        const peer = await target.greeted('first')
        // The only seat of the room.
        peer.send(joinGuarded)
        await soon(() => expect(seen.authentications.at(-1)?.credentials.token).toBe('first'))
        const first = seen.authentications.at(-1)
        if (how === 'reset') peer.reset()
        else peer.close()
        // Only the bystander is left.
        await soon(() => expect(target.server.connections).toBe(1))
        first?.answer({ id: 'ada' })
        const second = await target.greeted('second')
        second.send(joinGuarded)
        await soon(() => expect(seen.authentications.at(-1)?.credentials.token).toBe('second'))
        seen.authentications.at(-1)?.answer({ id: 'bo' })
        await second.frame<JoinedFrame>(FrameType.joined)
        second.reset()
        await second.closed()
      },
    })),
  },
  {
    fault: 'bad key, version or method → 400, 400 with the version, 405',
    attacks: [
      { name: 'no key', lines: { 'Sec-WebSocket-Key': undefined }, status: 400 },
      { name: 'a short key', lines: { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, status: 400 },
      { name: 'version 8', lines: { 'Sec-WebSocket-Version': '8' }, status: 400, version: '13' },
      { name: 'no version', lines: { 'Sec-WebSocket-Version': undefined }, status: 400, version: '13' },
      { name: 'POST', lines: {}, request: 'POST /', status: 405 },
    ].map(({ name, lines, request, status, version }) => ({
      name,
      counts: [refused('bad_request')],
      run: async (target) => {
        const answer = await new RawPeer(target.port).upgrade(lines, request)
        expect(answer.status).toBe(status)
        expect(answer.headers.get('sec-websocket-version')).toBe(version)
      },
    })),
  },
  {
    fault: 'an authenticator that never answers → a timeout, slot free',
    attacks: [
      {
        name: 'the next one is asked, and takes the only seat',
        server: { limits: { authTimeout: 300 } },
        counts: [{ counter: 'joins_refused', labels: { code: 'timeout' } }],
        run: async (target) => {
          const first = await target.greeted('never')
          first.send(joinGuarded)
          const { code, message } = await first.frame<RefusedFrame>(FrameType.refused)
          expect([code, message]).toEqual(['timeout', 'authentication took longer than 300 ms'])
          const second = await target.greeted('soon')
          second.send(joinGuarded)
          await soon(() => expect(seen.authentications.at(-1)?.credentials.token).toBe('soon'))
          seen.authentications.at(-1)?.answer({ id: 'bo' })
          await second.frame<JoinedFrame>(FrameType.joined)
          first.close()
          second.close()
        },
      },
    ],
  },
  {
    fault: 'one connection too many from an address or user → refused with a reason, earlier ones live',
    attacks: [
      {
        name: 'from an address',
        server: { limits: { maxConnectionsPerAddress: 3 } },
        counts: [refused('max_connections_per_address')],
        run: async (target) => {
          // The bystander is the third.
          const [ada, bo] = [await target.joined('ada'), await target.joined('bo')]
          const { status, body, headers } = await new RawPeer(target.port).upgrade()
          expect([status, headers.get('retry-after')]).toEqual([429, '5'])
          expect(body).toContain('limit maxConnectionsPerAddress')
          for (const { peer } of [ada, bo]) expect(peer.gone).toBe(false)
          expect(await ada.call('echo', { n: 5 })).toEqual({ n: 5 })
          ada.peer.close()
          bo.peer.close()
          await soon(() => expect(target.server.connections).toBe(1))
          const { peer } = await target.joined('again')
          peer.close()
        },
      },
      {
        name: 'of a user',
        server: { limits: { maxConnectionsPerUser: 2 } },
        counts: [{ counter: 'joins_refused', labels: { code: 'too_many_connections' } }],
        run: async (target) => {
          const [first, second, third] = [
            await comeAs(target, 'a'),
            await comeAs(target, 'b'),
            await comeAs(target, 'c'),
          ]
          const { code, message } = await third.frame<RefusedFrame>(FrameType.refused)
          expect([code, message]).toEqual([
            'too_many_connections',
            expect.stringContaining('limit maxConnectionsPerUser'),
          ])
          expect([first.gone, second.gone]).toEqual([false, false])
          // When one of them has ended, there is room for the third.
          second.close()
          await second.closed()
          const fourth = await comeAs(target, 'd')
          await fourth.frame<JoinedFrame>(FrameType.joined)
          for (const peer of [first, third, fourth]) peer.close()
        },
      },
    ],
  },
  {
    fault: 'forged X-Forwarded-For without a configured proxy → ignored',
    attacks: [
      {
        name: 'an address each, and all count as one',
        server: { limits: { maxConnectionsPerAddress: 3 } },
        counts: [refused('max_connections_per_address')],
        run: async (target) => {
          const ada = await target.greeted('ada', { 'X-Forwarded-For': '203.0.113.1' })
          const bo = await target.greeted('bo', { 'X-Forwarded-For': '203.0.113.2' })
          const answer = await new RawPeer(target.port).upgrade({ 'X-Forwarded-For': '203.0.113.3' })
          expect(answer.status).toBe(429)
          ada.send(joinGuarded)
          await soon(() => expect(seen.authentications.at(-1)?.credentials.token).toBe('ada'))
          expect(seen.authentications.at(-1)?.credentials.remoteAddress).toBe('127.0.0.1')
          expect(target.log.filter((line) => line.includes('trustProxy: 1'))).toHaveLength(1)
          ada.close()
          bo.close()
        },
      },
    ],
  },
  {
    fault: 'a token in the query → refused by default, never logged',
    attacks: ['token', 'access_token', 'auth', 'password'].map((name) => ({
      name,
      counts: [refused('token_in_url')],
      run: async (target) => {
        const { status, body } = await new RawPeer(target.port).upgrade({}, `GET /?${name}=hunter2`)
        expect(status).toBe(400)
        expect(body).toContain('Credentials do not belong into the URL')
        expect(body + target.log.join('\n')).not.toContain('hunter2')
      },
    })),
  },
  {
    fault: 'an upgrade while draining → 503 with Retry-After',
    attacks: [
      {
        name: 'while a room takes its time to end',
        counts: [],
        run: async () => {
          const target = await new Target().start()
          const member = await comeAs(target, 'a')
          await member.frame<JoinedFrame>(FrameType.joined)
          let release = () => {}
          seen.disposal = new Promise((resolve) => (release = resolve))
          const closing = target.server.close()
          expect(target.server.ready).toBe(false)
          const { status, headers, body } = await new RawPeer(target.port).upgrade()
          expect([status, headers.get('retry-after'), body]).toEqual([503, '5', 'This server is stopping.\n'])
          expect(target.count('connections_refused', { reason: 'shutting_down' })).toBe(1)
          release()
          await closing
          // Who was there is told to come back.
          expect(await member.closed()).toBe(4000)
        },
      },
    ],
  },
]

const joinVisited: JoinFrame = { type: FrameType.join, ref: 1, by: 'open', room: 'visited', key: 'hall' }

/** A client of one and the same user, with this token, that has asked for a seat. */
async function comeAs(target: Target, token: string): Promise<RawPeer> {
  const peer = await target.greeted(token)
  peer.send(joinVisited)
  return peer
}
