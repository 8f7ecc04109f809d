import type { RandomSource } from '@junto/protocol'
import { runs, VirtualClock } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Heartbeat } from './heartbeat.ts'
import type { Pulse } from './heartbeat.ts'

const limits = { heartbeat: 15_000, activeHeartbeat: 5_000, pongTimeout: 10_000 }

/** Numbers given one after the other, then halves. */
function numbers(...values: number[]): RandomSource {
  return { bytes: (count) => new Uint8Array(count), number: () => values.shift() ?? 0.5 }
}

function peer(clock: VirtualClock, heartbeat: Heartbeat, answer: (pulse: Pulse, beats: number) => void) {
  const beats: number[] = []
  const deaths: number[] = []
  const pulse = heartbeat.start({
    look: () => false,
    beat: () => {
      beats.push(clock.now())
      answer(pulse, beats.length)
    },
    silent: () => deaths.push(clock.now()),
  })
  return { beats, deaths, pulse }
}

test('beats at every interval while answers come', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { beats, deaths } = peer(clock, heartbeat, (pulse) => clock.after(50, () => pulse.alive()))
  await clock.advance('61s')
  expect(beats).toEqual([7500, 22_500, 37_500, 52_500])
  expect(deaths).toEqual([])
})

test('an idle dead link is noticed within 25 seconds', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(0.999), limits)
  const { beats, deaths } = peer(clock, heartbeat, () => {})
  await clock.advance('60s')
  expect(beats).toEqual([14_750])
  expect(deaths).toEqual([24_750])
  expect(heartbeat.size).toBe(0)
  expect(clock.pendingTimers).toBe(0)
})

test('whatever comes is a sign of life, not only an answer', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { deaths } = peer(clock, heartbeat, (pulse, beats) => {
    if (beats <= 3) clock.after(9_999, () => pulse.alive())
  })
  await clock.advance('50s')
  expect(deaths).toEqual([])
  await clock.advance('15s')
  expect(deaths).toEqual([62_500])
})

test('first beats are spread over the interval', async () => {
  const clock = new VirtualClock()
  const values = Array.from({ length: 100 }, (_, index) => index / 100)
  const heartbeat = new Heartbeat(clock, numbers(...values), limits)
  const peers = values.map(() => peer(clock, heartbeat, (pulse) => pulse.alive()))
  await clock.advance('15s')
  const firsts = peers.map(({ beats }) => beats[0] ?? 0)
  expect(new Set(firsts).size).toBeGreaterThan(50)
  expect(Math.max(...firsts)).toBeLessThanOrEqual(15_000)
})

test('all beats of a step are the same bytes', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const frames: Uint8Array[] = []
  for (let i = 0; i < 3; i++) heartbeat.start({ look: () => false, beat: (frame) => frames.push(frame), silent() {} })
  await clock.advance('7500ms')
  expect(new Set(frames).size).toBe(1)
  expect(frames).toHaveLength(3)
  await clock.advance('25s')
  expect(new Set(frames).size).toBe(1)
})

test('each connection is looked after all the time, however much comes and goes', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(0.999), limits)
  const looks: number[] = []
  const pulse = heartbeat.start({ look: () => looks.push(clock.now()) > 0, beat() {}, silent() {} })
  for (let second = 0; second < 60; second++) {
    pulse.sent()
    await clock.advance('1s')
    pulse.alive()
  }
  const gaps = looks.map((at, index) => at - (looks[index - 1] ?? 0))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(limits.activeHeartbeat)
  expect(looks.length).toBeLessThan(30)
})

test('one over which nothing is sent is not looked after while it answers, and closely again from what is sent then', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const looks: number[] = []
  const beats: number[] = []
  const pulse = heartbeat.start({
    look: () => looks.push(clock.now()) < 0,
    beat: () => {
      beats.push(clock.now())
      clock.after(50, () => pulse.alive())
    },
    silent() {},
  })
  await clock.advance('67s')
  expect(beats).toEqual([7500, 22_500, 37_500, 52_500])
  // The first look comes soon, whatever follows.
  expect(looks).toHaveLength(1)
  // At the next beat, at 67.5 s, it dozes still, and would until that at 82.5 s.
  await clock.advance('1s')
  expect(looks).toHaveLength(1)
  pulse.sent()
  await clock.advance('4900ms')
  expect(beats).toHaveLength(5)
  await clock.advance('100ms')
  expect(beats.slice(4)).toEqual([67_500, 73_000])
  expect(looks.slice(1)).toEqual([73_000])
})

test('one that does not answer is looked after before it counts as dead: what it said may lie unread', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  let isRead = false
  const log: string[] = []
  const pulse = heartbeat.start({
    look: () => {
      log.push('look')
      if (!isRead) pulse.alive()
      return false
    },
    beat: () => log.push('beat'),
    silent: () => log.push('silent'),
  })
  await clock.advance('67s')
  // The first look, and one behind each beat.
  expect(log).toEqual(['look', ...Array.from({ length: 4 }, () => ['beat', 'look']).flat()])
  isRead = true
  await clock.advance('20s')
  expect(log.slice(9)).toEqual(['beat', 'look', 'silent'])
})

test('there is one timer for all, and none for nobody', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const pulses = Array.from({ length: 1000 }, () => heartbeat.start({ look: () => false, beat() {}, silent() {} }))
  expect(clock.pendingTimers).toBe(1)
  for (const pulse of pulses) pulse.stop()
  for (const pulse of pulses) pulse.stop()
  expect(heartbeat.size).toBe(0)
  expect(clock.pendingTimers).toBe(0)
})

test('a connection that ended does not beat, even within the same step', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const second = { pulse: undefined as Pulse | undefined, beats: 0 }
  heartbeat.start({ look: () => false, beat: () => second.pulse?.stop(), silent() {} })
  second.pulse = heartbeat.start({ look: () => false, beat: () => second.beats++, silent() {} })
  await clock.advance('20s')
  expect(second.beats).toBe(0)
})

/** A clock whose timers come late, as when somebody computes for long. */
class StallingClock extends VirtualClock {
  #lag = 0
  #slept = 0

  override now(): number {
    return super.now() + this.#lag
  }

  override time(): number {
    return super.time() + this.#lag + this.#slept
  }

  /** The process is held up for so long, from now on. */
  stall(ms: number): void {
    this.#lag += ms
  }

  /** The machine sleeps for so long, and with it this clock; the calendar goes on. */
  sleep(ms: number): void {
    this.#slept += ms
  }
}

test('nobody is dropped for answers that the process itself did not read', async () => {
  const clock = new StallingClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { beats, deaths, pulse } = peer(clock, heartbeat, () => {})
  await clock.advance('17s')
  expect(beats).toEqual([7500])
  // Held up across the time at which the answer was to be there.
  clock.stall(2_000)
  await clock.advance(250)
  expect(deaths).toEqual([])
  pulse.alive()
  await clock.advance('9s')
  expect(deaths).toEqual([])
})

test('after having been held up it still notices who is dead', async () => {
  const clock = new StallingClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { deaths } = peer(clock, heartbeat, () => {})
  await clock.advance('17s')
  clock.stall(2_000)
  await clock.advance('11s')
  expect(deaths).toHaveLength(1)
})

test('an hour of suspension is not caught up step by step', async () => {
  const clock = new StallingClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { beats, deaths } = peer(clock, heartbeat, (pulse) => pulse.alive())
  await clock.advance('1s')
  clock.stall(3_600_000)
  await clock.advance('15s')
  expect(beats.length).toBeLessThan(5)
  expect(deaths).toEqual([])
})

test('an answer that lies in the socket when the look is due is read first', async () => {
  const clock = new VirtualClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { deaths, pulse } = peer(clock, heartbeat, () => {})
  await clock.advance('10s')
  // Its first beat falls into the step of the other's look, and stands behind it.
  heartbeat.start({ look: () => false, beat: () => pulse.alive(), silent() {} })
  await clock.advance('7500ms')
  expect(deaths).toEqual([])
})

test('a machine that slept, clock and all, gives everybody time to answer', async () => {
  const clock = new StallingClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { beats, deaths, pulse } = peer(clock, heartbeat, () => {})
  await clock.advance('17s')
  expect(beats).toEqual([7500])
  clock.sleep(60_000)
  await clock.advance('5s')
  expect(deaths).toEqual([])
  pulse.alive()
  await clock.advance('5s')
  expect(deaths).toEqual([])
})

test('a process that stumbles all the time still notices who is dead', async () => {
  const clock = new StallingClock()
  const heartbeat = new Heartbeat(clock, numbers(), limits)
  const { deaths } = peer(clock, heartbeat, () => {})
  for (let second = 0; second < 25 && deaths.length === 0; second++) {
    clock.stall(300)
    await clock.advance(700)
  }
  expect(deaths).toHaveLength(1)
})

describe('[P13] while something flows', () => {
  test('what was sent and not reacted to is asked about, and a dead link noticed within 10 seconds', async () => {
    const clock = new VirtualClock()
    const heartbeat = new Heartbeat(clock, numbers(0.999), limits)
    const { beats, deaths, pulse } = peer(clock, heartbeat, () => {})
    await clock.advance('2100ms')
    pulse.sent()
    await clock.advance('1s')
    pulse.sent()
    await clock.advance('60s')
    expect(beats).toEqual([7000])
    expect(deaths).toEqual([12_000])
  })

  test('a peer that reacts is not asked while more is sent to it, and needs no beat', async () => {
    const clock = new VirtualClock()
    const heartbeat = new Heartbeat(clock, numbers(), limits)
    const { beats, deaths, pulse } = peer(clock, heartbeat, (own) => own.alive())
    for (let tick = 0; tick < 1200; tick++) {
      pulse.sent()
      await clock.advance(25)
      pulse.alive()
      await clock.advance(25)
    }
    expect(beats).toEqual([])
    expect(deaths).toEqual([])
  })

  test('a peer that talks without being answered hears a beat in every interval: it wants to know, too', async () => {
    const clock = new VirtualClock()
    const heartbeat = new Heartbeat(clock, numbers(), limits)
    const { beats, pulse } = peer(clock, heartbeat, (own) => own.alive())
    for (let tick = 0; tick < 1200; tick++) {
      await clock.advance(50)
      pulse.alive()
    }
    expect(beats).toEqual([7500, 22_500, 37_500, 52_500])
  })

  test('a peer that only takes is asked now and then', async () => {
    const clock = new VirtualClock()
    const heartbeat = new Heartbeat(clock, numbers(0.999), limits)
    const { beats, pulse } = peer(clock, heartbeat, (own) => clock.after(40, () => own.alive()))
    for (let tick = 0; tick < 1200; tick++) {
      pulse.sent()
      await clock.advance(50)
    }
    expect(beats.length).toBeGreaterThan(9)
    expect(beats.length).toBeLessThan(13)
  })

  test('the last thing sent is followed by a beat, even when the peer has reacted: it waits for one', async () => {
    const clock = new VirtualClock()
    const heartbeat = new Heartbeat(clock, numbers(0.999), limits)
    const { beats, deaths, pulse } = peer(clock, heartbeat, (own) => own.alive())
    await clock.advance('2s')
    pulse.sent()
    pulse.alive()
    await clock.advance('20s')
    expect(beats).toEqual([7000, 22_000])
    expect(deaths).toEqual([])
  })

  test('whenever the peer vanishes, and whatever is sent, the times hold; nobody who answers is dropped', async () => {
    const idle = limits.heartbeat + limits.pongTimeout
    const active = 2 * limits.activeHeartbeat
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 1, max: 9_000 }), does: fc.constantFrom('send', 'hear', 'both') }),
      { maxLength: 40 },
    )
    const input = fc.record({
      first: fc.double({ min: 0, max: 0.999, noNaN: true }),
      latency: fc.integer({ min: 0, max: 4_700 }),
      steps,
      vanishes: fc.integer({ min: 0, max: 120_000 }),
    })
    await fc.assert(
      fc.asyncProperty(input, async ({ first, latency, steps: history, vanishes }) => {
        const clock = new VirtualClock()
        const heartbeat = new Heartbeat(clock, numbers(first), limits)
        const told: number[] = []
        let sentInVain: number | undefined
        let lastSent: number | undefined
        const isThere = (): boolean => clock.now() < vanishes
        const { deaths, pulse } = peer(clock, heartbeat, (own) => {
          if (lastSent !== undefined) expect(clock.now() - lastSent).toBeLessThanOrEqual(limits.activeHeartbeat)
          lastSent = undefined
          told.push(clock.now())
          clock.after(latency, () => {
            if (isThere()) own.alive()
          })
        })
        for (const { wait, does } of history) {
          await clock.advance(wait)
          if (deaths.length > 0) break
          if (does !== 'hear') {
            if (lastSent !== undefined) expect(clock.now() - lastSent).toBeLessThanOrEqual(limits.activeHeartbeat)
            lastSent = clock.now()
            if (!isThere()) sentInVain ??= clock.now()
            pulse.sent()
          }
          if (does !== 'send' && isThere()) pulse.alive()
        }
        await clock.advance(vanishes + 2 * idle)
        expect(deaths).toHaveLength(1)
        const [death = 0] = deaths
        expect(death).toBeGreaterThanOrEqual(vanishes)
        expect(death - vanishes).toBeLessThanOrEqual(idle)
        if (sentInVain !== undefined) expect(death - sentInVain).toBeLessThanOrEqual(active)
        expect(clock.pendingTimers).toBe(0)
      }),
      runs(200),
    )
  })
})
