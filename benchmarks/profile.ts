import { readFileSync } from 'node:fs'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Where a profiled process spent its time: the functions in which it was most often, with their share of the whole. */
export function hottest(file: string, count: number): string[] {
  const { nodes, samples, timeDeltas }: CpuProfile = JSON.parse(readFileSync(file, 'utf8'))
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url.startsWith('file:') ? ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}` : ''
      return [id, `${functionName || '(anonymous)'}${place}`]
    }),
  )
  const times = new Map<string, number>()
  let whole = 0
  samples.forEach((id, index) => {
    const name = names.get(id) ?? '?'
    // Waiting for the other processes to have their turn.
    if (name === '(idle)') return
    const time = timeDeltas[index] ?? 0
    times.set(name, (times.get(name) ?? 0) + time)
    whole += time
  })
  const sorted = Array.from(times).sort(([, a], [, b]) => b - a)
  return sorted.slice(0, count).map(([name, time]) => `${((time / whole) * 100).toFixed(1).padStart(5)} %  ${name}`)
}
