import { describe, expect, it } from 'vitest'
import { LatestSlots } from './latest.ts'

const frame = (...bytes: number[]) => Uint8Array.from(bytes)

function all(slots: LatestSlots): string[] {
  const taken: string[] = []
  for (let one = slots.take(); one !== undefined; one = slots.take()) taken.push(`${one.room}:${one.frame.join(' ')}`)
  return taken
}

describe('slots of the class latest', () => {
  it('hold the newest of each key and room, in the place of the oldest', () => {
    const slots = new LatestSlots(10)
    slots.set(1, 'a', frame(1), 0)
    slots.set(1, 'b', frame(2), 0)
    slots.set(2, 'a', frame(3), 0)
    slots.set(1, 'a', frame(4, 4), 0)
    expect([slots.size, slots.bytes]).toEqual([3, 4])
    expect(all(slots)).toEqual(['1:4 4', '1:2', '2:3'])
    expect([slots.size, slots.bytes]).toEqual([0, 0])
    expect(slots.take()).toBeUndefined()
  })

  it('give the highest priority first, then the oldest', () => {
    const slots = new LatestSlots(10)
    slots.set(1, 'low', frame(1), -3)
    slots.set(1, 'high', frame(2), 5)
    slots.set(1, 'normal', frame(3), 0)
    slots.set(1, 'high too', frame(4), 5)
    expect(all(slots)).toEqual(['1:2', '1:4', '1:3', '1:1'])
  })

  it('drop the oldest of the lowest priority when there are too many', () => {
    const slots = new LatestSlots(3)
    slots.set(1, 'a', frame(1), 1)
    slots.set(1, 'b', frame(2), 0)
    slots.set(1, 'c', frame(3), 0)
    slots.set(1, 'd', frame(4), 1)
    expect([slots.size, slots.bytes]).toEqual([3, 3])
    // What is less urgent than all that waits does not stay itself.
    slots.set(1, 'e', frame(5), -1)
    expect(all(slots)).toEqual(['1:1', '1:4', '1:3'])
  })

  it('drop the same when they have too many bytes, also by a newer frame', () => {
    const slots = new LatestSlots(10, 4)
    slots.set(1, 'a', frame(1), 0)
    slots.set(1, 'b', frame(2), 0)
    slots.set(1, 'c', frame(3), 1)
    slots.set(1, 'b', frame(4, 4), 0)
    expect([slots.size, slots.bytes]).toEqual([3, 4])
    slots.set(1, 'c', frame(5, 5), 1)
    expect([slots.size, slots.bytes]).toEqual([2, 4])
    expect(all(slots)).toEqual(['1:5 5', '1:4 4'])
    slots.set(1, 'a', frame(1, 2, 3, 4, 5), 0)
    expect([slots.size, slots.bytes, slots.take()]).toEqual([0, 0, undefined])
  })

  it('forget a room, or all', () => {
    const slots = new LatestSlots(10)
    slots.set(1, 'a', frame(1), 0)
    slots.set(12, 'a', frame(2, 2), 0)
    slots.set(1, 'b', frame(3), 7)
    slots.dropRoom(1)
    expect([slots.size, slots.bytes]).toEqual([1, 2])
    slots.set(1, 'a', frame(4), 0)
    slots.clear()
    expect([slots.size, slots.bytes, slots.take()]).toEqual([0, 0, undefined])
  })
})
