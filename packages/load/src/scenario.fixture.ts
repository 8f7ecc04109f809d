// What main.test.ts runs, as a user's file: bots of a poll, some of which fail.
import { call, defineRoom, t } from '@junto/schema'
import { scenario } from './index.ts'

export const Poll = defineRoom('poll', {
  version: 1,
  state: t.Object({ votes: t.Uint32() }),
  clientToServer: {
    vote: call({ params: t.Object({ by: t.Uint8() }), result: t.Uint32(), errors: { closed: t.Object({}) } }),
  },
  serverToClient: {},
})

export default scenario({
  bots: 5,
  ramp: '200ms',
  hold: '500ms',
  seed: 3,
  thresholds: ['join.count=4', 'call.vote.errors=0', 'botsFailed.count=1'],
  async bot({ client, number, every, measure, count }) {
    if (number === 4) throw new Error('bot 4 has no opinion')
    const room = await client.open(Poll, { key: 'lunch' })
    await every(50, async () => {
      const outcome = await measure('vote and look', () => room.call.vote.try({ by: number }))
      if (!outcome.ok) count('refused')
    })
  },
})
