import { expect, it } from 'vitest'
import { Announcements } from './announcements.ts'

it('what is said of a change that belongs to others is said when all are made, in order', () => {
  const announcements = new Announcements()
  const told: string[] = []
  const say = (word: string) => announcements.say(() => told.push(word))
  say('at once')
  expect(told).toEqual(['at once'])
  announcements.together(() => {
    say('first')
    announcements.together(() => say('within'))
    say('last')
    expect(told).toEqual(['at once'])
  })
  expect(told).toEqual(['at once', 'first', 'within', 'last'])
})

it('a change that throws keeps nothing back, and what listeners change is said at once', () => {
  const announcements = new Announcements()
  const told: string[] = []
  const failed = new Error('failed')
  const change = () =>
    announcements.together(() => {
      announcements.say(() => {
        told.push('made')
        announcements.say(() => told.push('by a listener'))
      })
      throw failed
    })
  expect(change).toThrow(failed)
  expect(told).toEqual(['made', 'by a listener'])
})
