import { expect, it } from 'vitest'
import { duration, RunProgress } from './progress.ts'

function begun({ isTTY = false, columns = 80 } = {}) {
  let now = 1_000
  let written = ''
  const stages = [
    { name: 'calls', seconds: 30 },
    { name: 'state', seconds: 90 },
  ]
  const out = { isTTY, columns, write: (text: string) => (written += text) }
  const progress = new RunProgress(stages, out, () => now)
  const take = (): string => {
    const text = written
    written = ''
    return text
  }
  return { progress, take, wait: (seconds: number) => (now += seconds * 1000) }
}

it('says in a log how far the whole run is, what comes next, and how long it will take', () => {
  const { progress, take, wait } = begun()
  progress.next()
  expect(take()).toBe('  0 %  1 of 2: calls, begins  (0 s, about 2:00 min left)\n')
  wait(15)
  progress.step(0.5, 'round 2')
  expect(take()).toBe(' 12 %  1 of 2: calls, round 2  (15 s, about 1:45 min left)\n')
  wait(15)
  progress.next()
  expect(take()).toBe(' 25 %  2 of 2: state, begins  (30 s, about 1:30 min left)\n')
  progress.tick()
  expect(take()).toBe('')
})

it('learns from a machine that is slower than expected', () => {
  const { progress, take, wait } = begun()
  progress.next()
  wait(60)
  progress.next()
  // Twice as slow until now, of which not all is believed at once.
  expect(take()).toContain(' 28 %  2 of 2: state, begins  (1:00 min, about 2:34 min left)\n')
})

it('does not take the first short steps for the pace of all', () => {
  const { progress, take, wait } = begun()
  progress.next()
  wait(2)
  progress.step(0.2, 'round 1')
  expect(take()).toContain('(2 s, about 1:29 min left)\n')
})

it('rewrites one line of a terminal, also while a step goes on, and never counts backwards or to the end', () => {
  const { progress, take, wait } = begun({ isTTY: true })
  progress.next()
  take()
  wait(30)
  progress.tick()
  expect(take()).toBe('\r\x1b[2K 25 %  1 of 2: calls, begins  (30 s, about 1:30 min left)')
  wait(600)
  progress.tick()
  expect(take()).toContain(' 99 %')
  progress.step(0.5, 'round 2')
  expect(take()).toContain(' 99 %  1 of 2: calls, round 2  (10:30 min, about')
})

it('cuts a line that is too long for the terminal, and makes way for others', () => {
  const { progress, take } = begun({ isTTY: true, columns: 20 })
  progress.next()
  expect(take()).toBe('\r\x1b[2K  0 %  1 of 2: call')
  progress.say('installing')
  expect(take()).toBe('\r\x1b[2Kinstalling\n')
})

it('writes seconds and minutes', () => {
  expect([0.4, 59.4, 59.6, 61, 600].map(duration)).toEqual(['0 s', '59 s', '1:00 min', '1:01 min', '10:00 min'])
})
