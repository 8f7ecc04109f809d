import type { Measured } from '../benchmark.ts'
import type { Recorded, RecordedRow } from '../recorded.ts'
import { median } from '../statistics.ts'
import { judge, type Target } from '../targets.ts'
import type { Runs } from './catalogue.ts'

/** A run with every peer, one that could not be run, a row that one peer has not, and targets met and missed. */
export function roomRun(): Recorded {
  const rows = [
    row('cpu', 'server CPU', '% of a core', {
      junto: [10.1, 9.6, 10.4],
      'raw-ws': [8.3, 8.1, 8.8],
      colyseus: [13.1, 12.7, 13.4],
      'colyseus-quantized': [13.0, 13.1, 13.3],
      'socket.io': [15.9, 16.4, 15.2],
    }),
    row('bytes', 'what a client gets', 'B per second', {
      junto: [6821, 6818, 6824],
      'raw-ws': [6600, 6600, 6600],
      colyseus: [23800, 23811, 23790],
      'colyseus-quantized': [15600, 15590, 15610],
      'socket.io': [9120, 9100, 9131],
    }),
    row('latency-p50', 'an input until another sees it', 'ms', {
      junto: [28.1, 27.9, 28.3],
      colyseus: [27.3, 27.1, 28.2],
      'colyseus-quantized': [27.7, 27.4, 27.9],
    }),
  ]
  return run('room', rows, { uws: 'its binary wants another\n glibc' }, [
    { row: 'cpu', peer: 'junto', against: 'raw-ws', target: 1.2, bound: 1.3, missed: 'why' },
    { row: 'bytes', peer: 'junto', target: 7900, why: 'two bytes a\n coordinate' },
    { row: 'latency-p50', peer: 'junto', against: 'colyseus', target: 1, bound: 1.1, missed: 'why' },
    { row: 'latency-p99', peer: 'junto', target: 60 },
  ])
}

export function growthRun(): Recorded {
  const clients = [10, 30, 100, 300, 1000].map((count) =>
    row(`clients-${count}`, `${count} clients in a room`, '% of a core', {
      junto: [0.97, 1, 1.1].map((share) => share * (0.6 + 0.08 * count + count ** 2 / 60_000)),
      'raw-ws': [0.98, 1, 1.05].map((share) => share * (0.5 + 0.07 * count + count ** 2 / 60_000)),
      colyseus: [0.97, 1, 1.1].map((share) => share * (0.9 + 0.11 * count + count ** 2 / 20_000)),
    }),
  )
  const rooms = [1, 10, 100, 1000].map((count) =>
    row(`rooms-${count}`, `${count} rooms`, '% of a core', {
      junto: [0.9, 1, 1.1].map((share) => share * (0.3 + count / 30)),
    }),
  )
  return run('growth', [...clients, ...rooms], {}, [])
}

export const runsOf = (...runs: Recorded[]): Runs => new Map(runs.map((one) => [one.benchmark, one]))

function row(id: string, title: string, unit: string, values: Record<string, number[]>): RecordedRow {
  const peers: Record<string, Measured & { median: number }> = {}
  for (const [peer, measured] of Object.entries(values)) peers[peer] = { median: median(measured), values: measured }
  return { id, title, unit, peers }
}

function run(benchmark: string, rows: RecordedRow[], unavailable: Record<string, string>, targets: Target[]): Recorded {
  return {
    benchmark,
    title: benchmark,
    date: '2026-01-02T03:04:05.000Z',
    machine: { cpu: 'a processor', cores: 2, memory: '8 GiB', kernel: '6' },
    versions: { node: '20.20.2', ws: '8.23.0' },
    commit: 'abcdef012345',
    changed: false,
    rows,
    loadBefore: 0.1,
    seconds: 60,
    rounds: 3,
    settings: {},
    targets: judge(targets, { rows, unavailable }),
    notes: [],
    unavailable,
  }
}
