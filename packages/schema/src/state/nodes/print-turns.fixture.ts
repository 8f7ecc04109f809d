import fc from 'fast-check'
import { generated } from '../../generated.ts'
import { specs } from '../random-state.fixture.ts'
import { bytesOfTurns } from '../turns.fixture.ts'

// A program of its own, for a process in which text cannot become code: prints what it would send of some random states.

console.log(generated([], 'return 1') === undefined ? 'composed' : 'generated')
for (const [index, spec] of fc.sample(specs, { numRuns: 60, seed: 1 }).entries()) {
  for (const bytes of bytesOfTurns(spec, index, 4)) console.log(bytes)
}
