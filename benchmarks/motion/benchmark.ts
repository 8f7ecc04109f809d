import type { Benchmark, Result } from '../benchmark.ts'
import { Figures } from '../figures.ts'
import { prepare, type Peer } from '../rounds.ts'
import * as edits from './edits/measure.ts'
import * as inside from './inside/measure.ts'
import * as room from './room.ts'

/** Junto comes first: as many bytes as its patches have are sent by raw-ws. */
const peers: readonly Peer[] = [{ name: 'junto', ours: true }, { name: 'raw-ws' }]

export const benchmark: Benchmark = {
  name: 'motion',
  title: 'Motion: what ticks, inputs, edits ahead of the server, looking back and undo cost',
  libraries: ['ws', 'msgpackr', 'typebox'],
  peers,
  roundsAlone: 2,
  seconds: { alone: 24, round: 23 },
  async run(options, progress) {
    const { chosen, availability } = await prepare(peers, options, progress)
    const figures = new Figures()
    let step = 0
    const announce = (round: number, what: string): void => {
      const steps = 3 * options.rounds
      progress.step(step++ / steps, `round ${round + 1} of ${options.rounds}: ${what}`)
    }
    for (let round = 0; round < options.rounds; round++) {
      announce(round, `a room of ${room.settings.clients}`)
      for (const { name } of chosen) {
        if (availability.has(name)) await availability.attempt(name, () => room.measureRoom(name, options, figures))
      }
      if (!chosen.some(({ ours }) => ours)) continue
      announce(round, 'edits ahead of the server')
      await edits.measureEdits(figures)
      announce(round, 'looking back, and taking back')
      await inside.measureInside(figures)
    }
    return {
      rows: figures.rows(),
      notes: [...room.notes, ...edits.notes, ...inside.notes],
      settings: { room: room.settings, edits: edits.settings, inside: inside.settings },
      unavailable: availability.unavailable,
    } satisfies Result
  },
}
