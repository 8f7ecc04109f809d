import type { Part } from '../../harness.ts'
import type { Caller, Connect } from '../peer.ts'

/** What is called by turns. */
export interface Callee {
  /** The URL of a module that exports `connect`: see ../peer.ts. */
  readonly module: string
  readonly port: number
}

/** How long the round trips to each callee took, in ms, cycle by cycle. */
export type Trips = readonly (readonly number[])[]

/** A client of each callee, all in this one process, which makes one call at a time. */
export function alternate(): Part {
  const lines: Line[] = []

  /** In each cycle one call to each, in an order of its own. */
  async function trips(cycles: number): Promise<Trips> {
    const turns = lines.map((line) => ({ line, times: [] as number[] }))
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const { line, times } of shuffled(turns)) {
        times.push(await line.trip())
        // What an answer leads to here belongs to nobody else's round trip.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    return turns.map(({ times }) => times)
  }

  return {
    commands: {
      async open(callee) {
        lines.push(await Line.open(callee as Callee)) // from measure.ts
      },
      async warm(calls) {
        for (const line of lines) await line.warm(Number(calls))
      },
      trips: (cycles) => trips(Number(cycles)),
    },
    close() {
      for (const line of lines) line.close()
    },
  }
}

/** One client. */
class Line {
  private caller: Caller | undefined
  private calls = 0
  private answered: () => void = () => {}

  static async open({ module, port }: Callee): Promise<Line> {
    const { connect }: { connect: Connect } = await import(module)
    const line = new Line()
    line.caller = await connect(port, () => line.answered())
    return line
  }

  private constructor() {}

  /** Makes so many calls, eight at a time: both sides' code is compiled then. */
  warm(calls: number): Promise<void> {
    return new Promise((resolve) => {
      let [begun, done] = [0, 0]
      const next = (): void => {
        if (begun++ < calls) this.call()
      }
      this.answered = () => {
        if (++done === calls) resolve()
        else next()
      }
      for (let i = 0; i < 8; i++) next()
    })
  }

  /** Makes one call, and resolves with the ms until its answer had been read. */
  trip(): Promise<number> {
    return new Promise((resolve) => {
      const began = performance.now()
      this.answered = () => resolve(performance.now() - began)
      this.call()
    })
  }

  close(): void {
    this.caller?.close()
  }

  private call(): void {
    this.caller?.call(this.calls++)
  }
}

function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values]
  return values.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0]!)
}
