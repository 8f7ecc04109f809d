import type { Figures } from '../../figures.ts'
import { withWorkers } from '../../harness.ts'
import type { LookedBack, LookingBack, TakenBack, TakingBack } from './work.ts'

export const settings = { entities: 100, ticks: 2_000, looks: 100, mutations: 300, times: 40 }

const rewind = `Looking back at ${settings.entities} entities: x, y and an angle`
const undo = `Taking back a drag of ${settings.mutations} mutations`
const rows = {
  sample: { id: 'sample', section: rewind, title: 'server: after a tick, all of them', unit: 'µs per tick' },
  look: { id: 'rewind', section: rewind, title: 'server: rewind(member) with the lookup of one', unit: 'µs' },
  run: { id: 'run', section: undo, title: 'server: a mutation', unit: 'µs' },
  keep: { id: 'keep', section: undo, title: 'server: one that can be taken back', unit: 'µs' },
  undo: { id: 'undo', section: undo, title: 'server: the undo of all', unit: 'µs' },
} as const

export const notes = [
  `Looking back: a member who was told of each third tick, ${settings.looks} times a tick, 60 to 160 ms ago. A drag: mutations that write x and y of one thing, and count. Both without sockets, in a process of their own.`,
]

export async function measureInside(figures: Figures): Promise<void> {
  await withWorkers(async (start) => {
    const worker = await start({ module: new URL('./work.ts', import.meta.url), role: 'work' })
    const { entities, ticks, looks, mutations, times } = settings
    const looking: LookingBack = { entities, ticks, looks }
    const taking: TakingBack = { mutations, times }
    // The first time of each is warm-up. The worker is work.ts, of the same source.
    await worker.command('lookBack', looking)
    const back = (await worker.command('lookBack', looking)) as LookedBack
    await worker.command('takeBack', taking)
    const taken = (await worker.command('takeBack', taking)) as TakenBack
    figures.add(rows.sample, 'junto', back.sample)
    figures.add(rows.look, 'junto', back.look)
    for (const what of ['run', 'keep', 'undo'] as const) figures.add(rows[what], 'junto', taken[what])
  })
}
