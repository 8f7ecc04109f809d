import { defineRoom, t } from '@junto/schema'
import { expect, test } from 'vitest'
import { MemoryStore } from '../store/memory-store.ts'
import { Room } from './room.ts'
import { World } from './rooms.fixture.ts'

const Tally = defineRoom('tally', {
  version: 1,
  state: t.Object({ n: t.Uint8() }),
  clientToServer: {},
  serverToClient: {},
})

class TallyRoom extends Room(Tally) {
  onCreate() {
    return { n: 3 }
  }
  readonly handlers = this.handle({})
}

/** Says it as clients of databases do. */
class NullStore extends MemoryStore {
  override load(): Promise<undefined> {
    // What the types forbid is what is tested.
    return Promise.resolve(null as unknown as undefined)
  }
}

test('a store that says null for nothing has the room begin anew', async () => {
  const world = new World({ store: new NullStore() })
  world.registry.define(Tally, TallyRoom, { persist: true })
  await expect(world.join(Tally, { key: 'a' })).resolves.toBeDefined()
})
