import { closeCodes } from '@junto/protocol'
import { expect } from 'vitest'
import type { Attack } from './rows.ts'
import { soon } from './soon.ts'
import { Target } from './target.ts'
import type { RoomPeer, TargetOptions } from './target.ts'

/** A server that is attacked, and somebody in another room of it who must not notice anything. */
export class Ordeal {
  readonly #target: Target
  readonly #bystander: RoomPeer

  private constructor(target: Target, bystander: RoomPeer) {
    this.#target = target
    this.#bystander = bystander
  }

  static async begin(options: TargetOptions): Promise<Ordeal> {
    const target = await new Target(options).start()
    return new Ordeal(target, await target.joined('bystander'))
  }

  end(): Promise<void> {
    return this.#target.server.close()
  }

  /** What must be seen in an attack, and whatever the attack is: it was counted, the bystander is well, and nothing is left. */
  async undergo({ run, counts, endsServer }: Attack): Promise<void> {
    const target = this.#target
    const before = counts.map(({ counter, labels }) => target.count(counter, labels))
    await run(target)
    await soon(() => {
      const grown = counts.map(({ counter, labels }, index) => target.count(counter, labels) - (before[index] ?? 0))
      expect(grown).toEqual(counts.map(({ by = 1 }) => by))
    })
    if (endsServer === true) expect(await this.#bystander.peer.closed()).toBe(closeCodes.shuttingDown.code)
    else await this.#bystanderIsWell()
    // Whoever came is gone, and nothing is kept of them.
    await soon(() => expect(target.server.connections).toBe(endsServer === true ? 0 : 1))
    for (const gauge of ['sessions_away', 'resume_bytes']) expect(target.count(gauge), gauge).toBe(0)
  }

  /** The bystander's room goes on, and answers it. */
  async #bystanderIsWell(): Promise<void> {
    const { peer } = this.#bystander
    await this.#bystander.moreTicks(1)
    expect(peer.gone).toBe(false)
    expect(await this.#bystander.call('echo', { n: 1 })).toEqual({ n: 1 })
    // Not one tick was lost, from the first to the last.
    const { ticks } = this.#bystander
    expect(ticks).toEqual(ticks.map((_, index) => (ticks[0] ?? 0) + index))
  }
}
