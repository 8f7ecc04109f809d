import { readFileSync } from 'node:fs'

interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

/**
 * Where a profiled process spent its time: for each function of the files in `folder` that was called from elsewhere, the
 * functions below it in which the process was most often, with their share of that.
 */
export function hottest(file: string, folder: string, count: number): string[] {
  const { nodes, samples, timeDeltas }: CpuProfile = JSON.parse(readFileSync(file, 'utf8'))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const entries = new Map<number, string>()
  const descend = (node: ProfileNode, entry: string | undefined): void => {
    const { url, functionName } = node.callFrame
    const within = entry ?? (url.includes(folder) ? functionName || '(anonymous)' : undefined)
    if (within !== undefined) entries.set(node.id, within)
    for (const child of node.children ?? []) descend(byId.get(child)!, within)
  }
  descend(nodes[0]!, undefined)

  const times = new Map<string, Map<string, number>>()
  samples.forEach((id, index) => {
    const entry = entries.get(id)
    if (entry === undefined) return
    const name = nameOf(byId.get(id)!)
    const below = times.get(entry) ?? new Map<string, number>()
    times.set(entry, below.set(name, (below.get(name) ?? 0) + (timeDeltas[index] ?? 0)))
  })
  return Array.from(times).flatMap(([entry, below]) => {
    const sorted = Array.from(below).sort(([, a], [, b]) => b - a)
    const whole = sorted.reduce((sum, [, time]) => sum + time, 0)
    const shares = sorted.slice(0, count).map(([name, time]) => `${percent(time / whole)}  ${name}`)
    return [`${entry}: ${(whole / 1000).toFixed(0)} ms`, ...shares]
  })
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`
  return `${functionName || '(anonymous)'}${place}`
}

const percent = (share: number): string => `${(share * 100).toFixed(1).padStart(5)} %`
