import type { Measured, Row } from './benchmark.ts'
import { median } from './statistics.ts'

type Collected = { -readonly [K in keyof Measured]: number[] }

/** What was measured in one window of time: a cost, and the shares of a core that server and load generator used meanwhile. */
export interface Taken {
  readonly cost: number
  readonly server: number
  readonly load: number
}

/** The medians of windows of one round. */
export function mediansOf(windows: readonly Taken[]): Taken {
  const middle = (of: keyof Taken): number => median(windows.map((each) => each[of]))
  return { cost: middle('cost'), server: middle('server'), load: middle('load') }
}

/** What a figure is of. */
export type Heading = Omit<Row, 'peers'>

/** Collects what is measured, round by round. */
export class Figures {
  private readonly byRow = new Map<string, Heading & { peers: Record<string, Collected> }>()

  /** @param shares Shares of a core that server and load generator used meanwhile. */
  add(heading: Heading, peer: string, value: number, shares?: { server: number; load: number }): void {
    const row = this.byRow.get(heading.id) ?? { ...heading, peers: {} }
    this.byRow.set(heading.id, row)
    const collected = (row.peers[peer] ??= { values: [] })
    collected.values.push(value)
    if (shares === undefined) return
    ;(collected.serverShare ??= []).push(shares.server)
    ;(collected.loadShare ??= []).push(shares.load)
  }

  rows(): Row[] {
    return Array.from(this.byRow.values())
  }
}
