import { it } from 'vitest'
import { playShare } from './shares.ts'

it(
  'whole servers and clients keep every promise under the faults of the seeds of share 3 of 4',
  () => playShare(2),
  900_000,
)
