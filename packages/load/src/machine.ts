import { cpus } from 'node:os'

/** How busy all processors of this machine are. */
export class MachineMeter {
  #last = ticks()

  /** Since the last time: a part of 1. */
  take(): number {
    const now = ticks()
    const all = now.all - this.#last.all
    const idle = now.idle - this.#last.idle
    this.#last = now
    return all <= 0 ? 0 : 1 - idle / all
  }
}

function ticks(): { all: number; idle: number } {
  let all = 0
  let idle = 0
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.idle + times.irq
    idle += times.idle
  }
  return { all, idle }
}
