import { FrameType } from '@junto/protocol/internal'
import type { JoinedFrame, JoinFrame, RefusedFrame } from '@junto/protocol/internal'
import { SystemClock } from '@junto/server'
import { expect } from 'vitest'
import { RawPeer, rawFrame } from './raw-peer.ts'
import { closed, refused } from './rows.ts'
import type { Row } from './rows.ts'
import { seen, shortDeadlines } from './target.ts'
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
]
