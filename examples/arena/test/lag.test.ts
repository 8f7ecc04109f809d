import type { Socket, SocketEvents } from '@junto/client'
import { SeededRandom, VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { DelayLine, type Conditions } from '../page/lag/delay-line.ts'
import { laggingSocket, type Traffic } from '../page/lag/lagging-socket.ts'

/** A line with those conditions, which notes what comes when. */
function line(conditions: Conditions, seed = 1) {
  const clock = new VirtualClock()
  const random = new SeededRandom(seed)
  const delay = new DelayLine(conditions, clock, () => random.number())
  const came: { n: number; after: number }[] = []
  return {
    clock,
    came,
    push: (n: number) => {
      const sent = clock.now()
      delay.push(() => came.push({ n, after: clock.now() - sent }))
    },
  }
}

describe('a delay line', () => {
  it('delivers at once where nothing delays', () => {
    const { push, came } = line({ latency: 0, jitter: 0, loss: 0 })
    push(1)
    expect(came).toEqual([{ n: 1, after: 0 }])
  })

  it('delays by latency and jitter, and never changes the order', async () => {
    const { push, came, clock } = line({ latency: 100, jitter: 50, loss: 0 })
    for (let n = 1; n <= 200; n++) {
      push(n)
      await clock.advance(10)
    }
    await clock.advance(1_000)
    expect(came.map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    const delays = came.map(({ after }) => after)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...delays)).toBeLessThanOrEqual(151)
    expect(Math.max(...delays)).toBeGreaterThan(130)
  })

  it('has a loss hold up whatever stands behind it, and loses nothing', async () => {
    const { push, came, clock } = line({ latency: 20, jitter: 0, loss: 5 })
    for (let n = 1; n <= 400; n++) {
      push(n)
      await clock.advance(16)
    }
    await clock.advance(2_000)
    expect(came.map(({ n }) => n)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
    const stalled = came.filter(({ after }) => after > 21)
    expect(Math.max(...came.map(({ after }) => after))).toBeGreaterThanOrEqual(220)
    // One lost packet holds up a dozen that came after it.
    expect(stalled.length).toBeGreaterThan(100)
    expect(stalled.length).toBeLessThan(350)
  })

  it('keeps the order when the conditions get better meanwhile', async () => {
    const conditions: Conditions = { latency: 300, jitter: 0, loss: 0 }
    const { push, came, clock } = line(conditions)
    push(1)
    conditions.latency = 0
    push(2)
    expect(came).toEqual([])
    await clock.advance(300)
    expect(came.map(({ n }) => n)).toEqual([1, 2])
  })
})

describe('a lagging socket', () => {
  it('delays and counts both ways, and closes behind what was sent', async () => {
    const clock = new VirtualClock()
    const traffic: Traffic = { up: 0, down: 0, sent: 0, received: 0 }
    const left: string[] = []
    const heard: string[] = []
    let inner: SocketEvents | undefined
    const bare: Socket = {
      bufferedAmount: 0,
      send: (message) => left.push(`${message.length} at ${clock.now()}`),
      close: () => left.push(`closed at ${clock.now()}`),
    }
    const open = laggingSocket(
      (_url, _subprotocol, events) => {
        inner = events
        return bare
      },
      { latency: 80, jitter: 0, loss: 0 },
      traffic,
      clock,
      () => 0.5,
    )
    const socket = open('ws://here', 'junto.v1', {
      open: () => heard.push(`open at ${clock.now()}`),
      message: (data) => heard.push(`${data.length} at ${clock.now()}`),
      close: (code) => heard.push(`${code} at ${clock.now()}`),
    })
    inner?.open()
    inner?.message(new Uint8Array(7))
    inner?.message(new Uint8Array(3))
    inner?.close(1001, 'going')
    socket.send(new Uint8Array(10))
    socket.close(1000)
    expect(socket.bufferedAmount).toBe(10)
    expect([...left, ...heard]).toEqual([])
    await clock.advance(80)
    expect(left).toEqual(['10 at 80', 'closed at 80'])
    expect(heard).toEqual(['open at 80', '7 at 80', '3 at 80', '1001 at 80'])
    expect(socket.bufferedAmount).toBe(0)
    expect(traffic).toEqual({ up: 10, down: 10, sent: 1, received: 2 })
  })
})
