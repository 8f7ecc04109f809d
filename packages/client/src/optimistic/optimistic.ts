import { JuntoError } from '@junto/protocol'
import { isAsync } from '@junto/protocol/internal'
import { checkFunction, checkObject } from '../arguments.ts'
import type { Optimistic } from '../room/optimism.ts'
import { OptimisticEdits } from './optimistic-edits.ts'

/**
 * Has a room show mutations at once: each runs on the room's mirror in the moment it is made, and runs again on whatever the server sends until the
 * server has confirmed it. What the server has made otherwise is corrected, and told to `room.onCorrection`.
 *
 * ```ts
 * import { JuntoClient, optimistic } from '@junto/client'
 * import type { Mutators } from '@junto/schema'
 * import { Poll } from './contract.ts'
 *
 * declare const pollMutators: Mutators<typeof Poll>
 *
 * const client = new JuntoClient({ url: 'ws://localhost:1727' })
 * const room = await client.open(Poll, { key: 'lunch', join: { name: 'Ada' }, mutators: optimistic(pollMutators) })
 * ```
 *
 * A function, so that pages which show nothing ahead of the server do not load what it takes.
 *
 * @param mutators The functions of the contract's mutations, the same that the server runs.
 * @throws JuntoError `misuse` for what are no functions by name, and for an `async` one.
 */
export function optimistic<M extends object>(mutators: M): Optimistic<M> {
  checkObject(mutators, 'mutators')
  for (const [name, mutator] of Object.entries(mutators) as [string, unknown][]) {
    checkFunction(mutator, `the mutator '${name}'`)
    if (isAsync(mutator)) {
      throw new JuntoError(
        'misuse',
        `the mutator '${name}' is async: a mutator does all it does before it returns; what has to be waited for belongs into a call`,
      )
    }
  }
  return { '~give optimistic(mutators)': mutators, '~make': (room) => new OptimisticEdits(room, mutators) }
}
