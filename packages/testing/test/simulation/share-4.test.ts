import { it } from 'vitest'
import { playShare } from './shares.ts'

it(
  'whole servers and clients keep every promise under the faults of the seeds of share 4 of 4',
  () => playShare(3),
  900_000,
)
