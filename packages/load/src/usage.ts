import type { Clock } from '@junto/protocol'
import type { Usage } from './messages.ts'

/** Milliseconds between looks at whether timers are late. */
const beat = 20

/** How busy this process is, since it was asked last. */
export class UsageMeter {
  readonly #clock: Clock
  #loop = performance.eventLoopUtilization()
  #cpu = process.cpuUsage()
  #at: number
  #late = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.now()
    this.#watch()
  }

  take(): Usage {
    const now = this.#clock.now()
    const loop = performance.eventLoopUtilization()
    const cpu = process.cpuUsage(this.#cpu)
    const wall = Math.max(1, now - this.#at)
    const taken = {
      loop: performance.eventLoopUtilization(loop, this.#loop).utilization,
      cpu: (cpu.user + cpu.system) / 1_000 / wall,
      late: this.#late,
    }
    this.#loop = loop
    this.#cpu = process.cpuUsage()
    this.#at = now
    this.#late = 0
    return taken
  }

  #watch(): void {
    const due = this.#clock.now() + beat
    this.#clock.after(beat, () => {
      this.#late = Math.max(this.#late, this.#clock.now() - due)
      this.#watch()
    })
  }
}
