import { FrameType } from '@junto/protocol/internal'
import type { JoinedFrame, RefusedFrame, ReplyFrame } from '@junto/protocol/internal'
import { MemoryStore, provide, Store } from '@junto/server'
import { expect } from 'vitest'
import { RawPeer } from './raw-peer.ts'
import { closed, refused } from './rows.ts'
import type { Row } from './rows.ts'
import { addToSaved, joinAttacked, joinSaved, seen } from './target.ts'
import { soon } from './soon.ts'

/** Saves take their time, and fail so many times first. */
class MoodyStore extends MemoryStore {
  failures = 0
  /** While set, saves wait for it. */
  gate: Promise<void> | undefined
  readonly saved: string[] = []

  override async save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    await this.gate
    if (this.failures > 0) {
      this.failures--
      throw new Error('the disk is away')
    }
    await super.save(room, key, bytes)
    this.saved.push(key)
  }
}

const drained = new MoodyStore()
const failing = new MoodyStore()

/** Stopping, and stores that fail: section F. What a process sees of signals is tested with real ones. */
export const operationRows: readonly Row[] = [
  {
    fault:
      'SIGTERM with 1,000 clients → not ready, no new rooms, state saved, clients told to come back in jittered batches, exit 0 within the grace; a second SIGTERM forces; no acknowledged operation lost',
    attacks: [
      {
        name: 'on raw sockets, step by step',
        server: { services: [provide(Store, drained)], limits: { drainBatch: 10, drainPause: 20 } },
        endsServer: true,
        counts: [
          // With the bystander.
          closed('shutting_down', 42),
          refused('shutting_down'),
          { counter: 'joins_refused', labels: { code: 'shutting_down' } },
          { counter: 'rooms_saved', labels: { room: 'saved' } },
        ],
        run: async (target) => {
          let open = () => {}
          drained.gate = new Promise((resolve) => (open = resolve))
          const crowd = await Promise.all(Array.from({ length: 40 }, () => target.greeted()))
          const member = await target.greeted()
          member.send(joinSaved(1, 'drained'))
          await member.frame<JoinedFrame>(FrameType.joined)
          member.send(1, addToSaved(1, 5))
          await member.frame<ReplyFrame>(FrameType.reply)

          expect(target.server.ready).toBe(true)
          const end = target.server.drain({ grace: 10_000 })
          expect(target.server.ready).toBe(false)
          const late = new RawPeer(target.port)
          const { status, headers } = await late.upgrade()
          expect([status, headers.get('retry-after')]).toEqual([503, '5'])
          member.send(0, joinAttacked(2, 'a new one'))
          const { code, data } = await member.frame<RefusedFrame>(FrameType.refused)
          expect([code, data]).toEqual(['shutting_down', { retryAfter: 2_000 }])
          // Neither done nor acknowledged.
          member.send(1, addToSaved(2, 100))
          // Nobody is told before what was done is saved.
          expect([...crowd, member].some(({ gone }) => gone)).toBe(false)
          open()
          const codes = await Promise.all([...crowd, member].map((peer) => peer.closed()))
          expect(new Set(codes)).toEqual(new Set([4000]))
          await end
          expect(drained.saved).toEqual(['drained'])
          expect(seen.sums.splice(0)).toEqual([5])
        },
      },
    ],
  },
  {
    fault:
      'a store that fails for a while → retried with backoff, the room stays dirty and is not disposed unsaved before a deadline',
    attacks: [
      {
        name: 'while the room is disposed of',
        server: { services: [provide(Store, failing)], limits: { saveDelay: 60_000, saveRetryMax: 200 } },
        counts: [
          { counter: 'room_saves_failed', labels: { room: 'saved', reason: 'other' }, by: 3 },
          { counter: 'rooms_saved', labels: { room: 'saved' } },
        ],
        run: async (target) => {
          failing.failures = 3
          const peer = await target.greeted()
          peer.send(joinSaved(1, 'failing'))
          await peer.frame<JoinedFrame>(FrameType.joined)
          peer.send(1, addToSaved(1, 7))
          await peer.frame<ReplyFrame>(FrameType.reply)
          peer.close()
          await soon(() => expect(target.server.connections).toBe(1))
          // Whoever asks for it meanwhile waits for the save, and finds what was saved.
          const next = await target.greeted()
          next.send(joinSaved(1, 'failing'))
          await next.frame<JoinedFrame>(FrameType.joined)
          expect(failing.saved).toEqual(['failing'])
          next.send(1, addToSaved(1, 0))
          expect((await next.frame<ReplyFrame>(FrameType.reply)).result).toBe(7)
          next.close()
          await soon(() => expect(seen.sums).toEqual([7, 7]))
          seen.sums.splice(0)
        },
      },
    ],
  },
]
