import type { Mutators } from '@junto/schema'
import type { Arena } from './contract.ts'
import { step } from './step.ts'

/** What an input does to the field: the same on the server and, ahead of it, on the page of its player. */
export const arenaMutators: Mutators<typeof Arena> = {
  input({ fighters }, input, { by, dt, seq }) {
    const fighter = fighters.get(by)
    if (fighter !== undefined) step(fighter, input, dt, seq)
  },
}
