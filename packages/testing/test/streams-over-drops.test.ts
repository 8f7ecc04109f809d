import { defineRoom, event, stream, t } from '@junto/schema'
import { Room } from '@junto/server'
import { expect, it } from 'vitest'
import { createWorld } from '../src/index.ts'

const Feed = defineRoom('feed', {
  version: 1,
  state: t.Object({ n: t.Uint32() }),
  clientToServer: {
    /** Items from 0 on; before one of them the room writes to its state. */
    items: stream({ params: t.Object({ writesBefore: t.Uint32() }), item: t.Uint32() }),
    chat: event(t.Object({ lines: t.Uint32() })),
  },
  serverToClient: { chatted: event(t.Object({ n: t.Uint32() })) },
})

const items = 12

class FeedRoom extends Room(Feed) {
  onCreate() {
    return { n: 0 }
  }

  readonly handlers = this.handle({
    items: ({ writesBefore }) => this.#items(writesBefore),
    chat: ({ lines }, { member }) => {
      for (let n = 0; n < lines; n++) member.send.chatted({ n })
    },
  })

  async *#items(writesBefore: number): AsyncGenerator<number> {
    for (let n = 0; n < items; n++) {
      // From here on items speak of a change, and wait for the patch that has it.
      if (n === writesBefore) {
        await new Promise<void>((resolve) => this.after(1, resolve))
        this.state.n++
      }
      yield n
    }
  }
}

it.each([0, 1, 5, 9, 11, items])(
  'a stream skips no item when those on their way are given up while others wait for a patch, from item %i on',
  async (writesBefore) => {
    const world = createWorld({
      rooms: [[Feed, FeedRoom, { patchRate: 10 }]],
      network: { latency: 5 },
      server: { limits: { resumeFrames: 16 } },
    })
    const ada = world.client()
    const room = await world.until(ada.open(Feed, { key: 'main' }))
    await world.advance('1s')
    // The first write of a while leaves at once, the next one waits for its time.
    world.room(Feed, 'main').state.n++
    await world.advance(20)
    const got: number[] = []
    const reading = (async () => {
      for await (const n of room.stream.items({ writesBefore })) got.push(n)
      return 'whole'
    })().catch((error: unknown) => Object(error).code)
    room.send.chat({ lines: 20 })
    await world.advance(7)
    world.cut(ada)
    await world.advance('10s')
    const end: unknown = await world.until(reading)
    expect(got).toEqual(Array.from(got, (_, n) => n))
    expect([end, got.length]).toEqual(end === 'whole' ? ['whole', items] : ['outcome_unknown', got.length])
    expect(world.metrics.read('resumes', { outcome: 'resynced' })).toBe(1)
    await world.end()
  },
)
