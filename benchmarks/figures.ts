import type { Measured, Row } from './benchmark.ts'

type Collected = { -readonly [K in keyof Measured]: number[] }

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
