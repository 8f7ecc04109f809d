import { clientLimits, Clock } from '@junto/protocol'
import { runs, VirtualClock } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Watchdog } from './watchdog.ts'

const heartbeat = 15_000
const activeHeartbeat = 5_000
const idle = heartbeat + clientLimits().pongTimeout
const active = 2 * activeHeartbeat
const { probeTimeout } = clientLimits()

interface Watched {
  readonly watchdog: Watchdog
  readonly deaths: { readonly at: number; readonly silence: number }[]
  readonly probes: number[]
}

function watch(clock: Clock, line = { waiting: 0, taken: 0 }): Watched {
  const deaths: { at: number; silence: number }[] = []
  const probes: number[] = []
  const watchdog = new Watchdog({
    clock,
    limits: clientLimits(),
    heartbeat,
    activeHeartbeat,
    line,
    probe: () => probes.push(clock.now()),
    dead: (silence) => deaths.push({ at: clock.now(), silence }),
  })
  return { watchdog, deaths, probes }
}

/** A clock whose machine slept: timers fire as late as the test says. */
class SleepyClock extends Clock {
  ms = 0
  fire: (() => void) | undefined

  override now(): number {
    return this.ms
  }

  override time(): number {
    return this.ms
  }

  override after(_ms: number, fn: () => void): () => void {
    this.fire = fn
    return () => {
      this.fire = undefined
    }
  }

  override atEndOfTurn(): void {
    throw new Error('not used here')
  }
}

describe('[P13] a watchdog', () => {
  it('expects more within 10 seconds of the welcome, with which it begins', async () => {
    const clock = new VirtualClock()
    const { deaths } = watch(clock)
    await clock.advance('1m')
    expect(deaths).toEqual([{ at: 10_000, silence: 10_000 }])
  })

  it('declares a silent line dead after a heartbeat and the wait for a pong, counted from the last message, and once', async () => {
    const clock = new VirtualClock()
    const { watchdog, deaths } = watch(clock)
    await clock.advance('9s')
    watchdog.heard()
    await clock.advance('2m')
    expect(deaths).toEqual([{ at: 34_000, silence: 25_000 }])
    expect(clock.pendingTimers).toBe(0)
  })

  it('expects more within 10 seconds of what concerns a room', async () => {
    const clock = new VirtualClock()
    const { watchdog, deaths } = watch(clock)
    await clock.advance('3s')
    watchdog.heard()
    watchdog.flows()
    await clock.advance('1m')
    expect(deaths).toEqual([{ at: 13_000, silence: 10_000 }])
  })

  it('has time again after a message that concerns none: it said that there is no more', async () => {
    const clock = new VirtualClock()
    const { watchdog, deaths } = watch(clock)
    watchdog.heard()
    watchdog.flows()
    await clock.advance('5s')
    watchdog.heard()
    await clock.advance('1m')
    expect(deaths).toEqual([{ at: 30_000, silence: 25_000 }])
  })

  it('expects an answer within 10 seconds of the first thing sent that asks for one', async () => {
    const clock = new VirtualClock()
    const { watchdog, deaths } = watch(clock)
    watchdog.heard()
    await clock.advance('2s')
    watchdog.expectAck()
    await clock.advance('6s')
    watchdog.expectAck()
    await clock.advance('1m')
    expect(deaths).toEqual([{ at: 12_000, silence: 12_000 }])
  })

  it('takes anything as a sign of life, also for what was sent', async () => {
    const clock = new VirtualClock()
    const { watchdog, deaths } = watch(clock)
    watchdog.expectAck()
    await clock.advance('9s')
    watchdog.heard()
    await clock.advance('24s')
    expect(deaths).toEqual([])
  })

  it('asks where there is doubt, once, and does not wait long', async () => {
    const clock = new VirtualClock()
    const { watchdog, deaths, probes } = watch(clock)
    await clock.advance('1s')
    watchdog.doubt()
    watchdog.doubt()
    await clock.advance('1s')
    watchdog.heard()
    await clock.advance('10s')
    expect(deaths).toEqual([])
    watchdog.doubt()
    await clock.advance('1m')
    expect(probes).toEqual([1_000, 12_000])
    expect(deaths).toEqual([{ at: 12_000 + probeTimeout, silence: 13_000 }])
  })

  it('waits as long as what is under way to the server gets shorter', async () => {
    const clock = new VirtualClock()
    const line = { waiting: 500_000, taken: 0 }
    const { watchdog, deaths } = watch(clock, line)
    watchdog.expectAck()
    await clock.advance('9s')
    line.taken = 200_000
    await clock.advance('10s')
    // There is more to send than there was: what counts is what leaves.
    line.taken = 300_000
    line.waiting = 600_000
    expect(deaths).toEqual([])
    await clock.advance('10s')
    // Looked at after 10 and 20 s; after 30 nothing more had left.
    expect(deaths).toEqual([])
    await clock.advance('1s')
    expect(deaths).toEqual([{ at: 30_000, silence: 30_000 }])
  })

  it('does not wait for what was stuck already when it began to expect something', async () => {
    const clock = new VirtualClock()
    const line = { waiting: 0, taken: 0 }
    const { watchdog, deaths } = watch(clock, line)
    watchdog.heard()
    await clock.advance('1s')
    line.waiting = 500_000
    line.taken = 60_000
    watchdog.expectAck()
    await clock.advance('10s')
    expect(deaths).toEqual([{ at: 11_000, silence: 11_000 }])
  })

  it('is quiet once stopped', async () => {
    const clock = new VirtualClock()
    const { watchdog, deaths } = watch(clock)
    watchdog.flows()
    watchdog.stop()
    await clock.advance('1m')
    expect(deaths).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  it('asks, and gives what waits a moment to arrive, after the machine slept', () => {
    const clock = new SleepyClock()
    const { watchdog, deaths, probes } = watch(clock)
    clock.ms = 3_600_000
    clock.fire?.()
    expect(deaths).toEqual([])
    expect(probes).toEqual([3_600_000])
    watchdog.heard()
    clock.ms += probeTimeout
    clock.fire?.()
    expect(deaths).toEqual([])
    clock.ms = 3_600_000 + idle
    clock.fire?.()
    expect(deaths).toEqual([{ at: clock.ms, silence: idle }])
  })

  it('is not fooled by having slept: who does not answer afterwards is dead', () => {
    const clock = new SleepyClock()
    const { deaths } = watch(clock)
    clock.ms = 3_600_000
    clock.fire?.()
    clock.ms += probeTimeout
    clock.fire?.()
    expect(deaths).toMatchObject([{ at: 3_600_000 + probeTimeout }])
  })

  it('asks once, in a page whose timers come late each time: who does not answer then is dead', () => {
    const clock = new SleepyClock()
    const { deaths, probes } = watch(clock)
    const minute = 60_000
    for (let at = minute; at <= 3 * minute && deaths.length === 0; at += minute) {
      clock.ms = at
      clock.fire?.()
    }
    expect(probes).toEqual([minute])
    expect(deaths).toMatchObject([{ at: 2 * minute }])
  })

  it('holds the times whatever comes and goes, and needs no timer for it', async () => {
    const does = fc.constantFrom('hear', 'flow', 'send', 'doubt')
    const steps = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 2_900 }), does }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const clock = new VirtualClock()
        const { watchdog, deaths } = watch(clock)
        let due = active
        for (const step of history) {
          await clock.advance(step.wait)
          if (deaths.length > 0) break
          const now = clock.now()
          switch (step.does) {
            case 'hear':
              watchdog.heard()
              due = now + idle
              break
            case 'flow':
              watchdog.heard()
              watchdog.flows()
              due = now + active
              break
            case 'send':
              watchdog.expectAck()
              due = Math.min(due, now + active)
              break
            case 'doubt':
              watchdog.doubt()
              due = Math.min(due, now + probeTimeout)
          }
          expect(clock.pendingTimers).toBe(1)
        }
        await clock.advance(due + idle)
        expect(deaths).toMatchObject([{ at: due }])
      }),
      runs(300),
    )
  })
})
