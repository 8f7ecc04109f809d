// Players who run about, shoot and look how long the server takes: npm start -w examples/arena, and then npm run load -w examples/arena.
import { sampleInputs } from '@junto/client'
import { scenario } from 'junto-load'
import { Arena } from '../contract.ts'
import { livePath } from '../rules.ts'
import type { Input } from '../step.ts'

export default scenario({
  url: `ws://localhost:1727${livePath}`,
  bots: 50,
  ramp: '5s',
  hold: '15s',
  thresholds: ['botsFailed.count=0', 'join.p99<500ms', 'call.ping.p99<50ms', 'drops.count=0'],
  async bot({ client, number, random, every, count }) {
    const room = await client.joinOrCreate(Arena, { join: { name: `bot ${number}` } })
    room.on('shot', () => count('shots seen'))

    let input: Input = { dx: 0, dy: 0, aim: 0, fire: false, dash: false }
    const turn = (): void => {
      const way = random() * 2 * Math.PI
      const [dx, dy] = [Math.round(100 * Math.cos(way)), Math.round(100 * Math.sin(way))]
      input = { dx, dy, aim: random() * 2 * Math.PI, fire: random() < 0.3, dash: random() < 0.1 }
    }
    // One for each tick of the room, as a page sends them.
    using _inputs = sampleInputs(room, () => input, { auto: true })

    await Promise.all([
      every(500, turn),
      // Without waiting for the next patch, so that the time is the server's and the network's alone.
      every(400, () => room.call.ping(undefined, { settle: 'reply', timeout: 5_000 })),
    ])
  },
})
