import type { Figures } from '../../figures.ts'
import { withWorkers } from '../../harness.ts'
import { median } from '../../statistics.ts'
import type { Rebasing } from './client.ts'

export const settings = { pending: [0, 8, 100, 1_000], warmUp: 10, patches: 15 }

const section = 'Edits ahead of the server'
const row = (pending: number) => ({
  id: `rebase-${pending}`,
  section,
  title: `a patch while ${pending.toLocaleString('en')} edits are pending: client`,
  unit: 'µs',
})

export const notes = [
  'Edits: @junto/client with optimistic(mutators), over a socket that holds back what the client sends. Each edit looks up one of 100 things, writes x and y of it, and counts. Patches come 20 times a second and change ten things; the time is that of the whole message, from its bytes to the last listener.',
]

export async function measureEdits(figures: Figures): Promise<void> {
  await withWorkers(async (start) => {
    const server = await start({ module: new URL('./server.ts', import.meta.url), role: 'serve' })
    const client = await start({
      module: new URL('./client.ts', import.meta.url),
      role: 'edit',
      settings: server.ready,
    })
    const { pending: counts, warmUp, patches } = settings
    const rebase = async (how: Rebasing): Promise<number[]> => {
      // The client is client.ts, of the same source.
      return (await client.command('rebase', how)) as number[]
    }
    for (const pending of counts.slice(-2)) await rebase({ pending, patches: warmUp })
    for (const pending of counts) figures.add(row(pending), 'junto', median(await rebase({ pending, patches })))
  })
}
