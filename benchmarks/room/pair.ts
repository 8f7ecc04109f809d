import { setTimeout as sleep } from 'node:timers/promises'
import type { Part } from '../harness.ts'
import { heldBy } from './contract.ts'
import type { LoadSettings } from './load.ts'
import type { PeerModule } from './peer.ts'

/** How long a mark may be on its way, in ms. */
const longest = 2_000

/**
 * Two programs that play among the others, in a process of their own: nobody waits for what the others' clients do about the same patch. One
 * marks each of its inputs; the other looks out for the marks.
 */
export async function pair(settings: unknown): Promise<Part> {
  const { peer, port, rules } = settings as LoadSettings // from play.ts
  const { enter }: PeerModule = await import(new URL(`./peers/${peer}.ts`, import.meta.url).href)
  const place = { port, rules, room: 'room-0' }
  /** When the inputs with these marks were made. */
  const made: { readonly mark: number; readonly at: number }[] = []
  let delays: number[] = []
  let isMarking = false
  let last = 0
  const seqs = [0, 0]
  const actor = await enter(place, {
    sample() {
      const held = heldBy(0, ++seqs[0]!, isMarking ? ++last : 0)
      if (isMarking) made.push({ mark: last, at: performance.now() })
      return held
    },
    seen() {},
  })
  const observer = await enter(place, {
    sample: () => heldBy(1, ++seqs[1]!),
    seen(mark) {
      const now = performance.now()
      // A patch that holds several inputs has the mark of the last.
      while (made.length > 0 && made[0]!.mark <= mark) delays.push(now - made.shift()!.at)
    },
  })

  /** Yields how long the marks took, in ms, that were made since `begin`. */
  async function end(): Promise<number[]> {
    isMarking = false
    const until = performance.now() + longest
    while (made.length > 0) {
      if (performance.now() > until) throw new Error(`${made.length} of ${last} marked inputs were never seen`)
      await sleep(5)
    }
    return delays
  }

  return {
    commands: {
      begin() {
        isMarking = true
        delays = []
      },
      end,
    },
    close() {
      actor.close()
      observer.close()
    },
  }
}
