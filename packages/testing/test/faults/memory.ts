import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
// The flag adds it to contexts made from now on.
const collect = runInNewContext('gc') as () => void

function held(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** By how many bytes memory has grown while something was done, with what was thrown away meanwhile. */
export async function growth(act: () => Promise<void>): Promise<number> {
  collect()
  const before = held()
  await act()
  return held() - before
}

/** Bytes in use, after what is no longer needed was thrown away. */
export function inUse(): number {
  collect()
  return held()
}
