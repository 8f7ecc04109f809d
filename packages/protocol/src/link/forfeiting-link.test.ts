import { describe, expect, it } from 'vitest'
import { frameOverhead } from './link.ts'
import { frameOf, serverLink, type WatchedLink } from './link.fixture.ts'

/** Bytes that each frame of these tests counts. */
const each = 4 + frameOverhead

const missed = (...rooms: (readonly [room: number, frames: number])[]) => new Map(rooms)

function send({ link }: WatchedLink, ...frames: (readonly [room: number, value: number])[]): void {
  for (const [room, value] of frames) link.send(room, frameOf(value))
}

describe('the link of a server that keeps too much', () => {
  it('[K9] gives up the room with most, and says at the resume how many are missing', () => {
    const one = serverLink({ maxBytes: 4 * each })
    const { link } = one
    link.begin()
    link.detach()
    send(one, [1, 1], [2, 2], [2, 3], [0, 4])
    expect(one.forfeited()).toEqual([])
    send(one, [3, 5])
    expect(one.forfeited()).toEqual(['2:2', '2:3'])
    send(one, [2, 6])
    one.transmitted()
    expect(link.attach(0)).toEqual(new Map([[2, 2]]))
    link.replay()
    expect([one.transmitted(), link.sent]).toEqual([['1:1', '0:4', '3:5', '2:6'], 4])
  })

  it('[K9] knows at the resume only what the peer got of what it gave up', () => {
    const one = serverLink({ maxBytes: 3 * each })
    const { link } = one
    link.begin()
    send(one, [1, 1], [2, 2], [1, 3], [2, 4], [1, 5])
    // While attached, the line has its own bound.
    expect([one.forfeited(), link.kept]).toEqual([[], 5 * each])
    link.detach()
    expect([one.forfeited(), link.kept]).toEqual([['1:1', '1:3', '1:5'], 2 * each])
    expect(link.sent).toBe(5)
    one.transmitted()
    expect(link.attach(3)).toEqual(new Map([[1, 1]]))
    expect(link.sent).toBe(4)
    link.replay()
    // It is the next for the peer, which has taken three.
    expect(one.transmitted()).toEqual(['2:4'])
    send(one, [1, 6])
    expect(link.sent).toBe(5)
    link.acknowledged(5)
    expect(link.kept).toBe(0)
  })

  it('[K9] repeats what is missing until the peer has heard it', () => {
    const one = serverLink({ maxBytes: 2 * each })
    const { link } = one
    link.begin()
    link.detach()
    send(one, [1, 1], [1, 2], [1, 3])
    expect(link.attach(0)).toEqual(new Map([[1, 3]]))
    // The welcome is lost, and so is more.
    link.detach()
    send(one, [1, 4], [1, 5], [1, 6])
    expect(link.attach(0)).toEqual(new Map([[1, 6]]))
    link.replay()
    link.acknowledged(0)
    link.detach()
    expect(link.attach(0)).toEqual(new Map())
    link.detach()
    send(one, [1, 7], [1, 8], [1, 9])
    expect(link.attach(0)).toEqual(new Map([[1, 3]]))
    link.detach()
    send(one, [2, 10], [2, 11], [2, 12])
    // What it has heard of is not what was given up since.
    link.heard()
    expect(link.attach(0)).toEqual(new Map([[2, 3]]))
  })

  it('gives all up when it must, but what is of the session', () => {
    const one = serverLink()
    one.link.begin()
    send(one, [0, 1], [1, 2])
    one.link.detach()
    send(one, [2, 3])
    one.link.forfeit()
    expect([one.forfeited(), one.link.kept]).toEqual([['1:2', '2:3'], each])
    expect(one.link.attach(1)).toEqual(missed([1, 1], [2, 1]))
  })

  it('tells which frames of the session the peer has taken, each once', () => {
    const one = serverLink()
    const { link } = one
    link.begin()
    send(one, [0, 1], [1, 2], [0, 3], [0, 4])
    link.acknowledged(0)
    expect(one.taken()).toEqual([])
    link.acknowledged(2)
    link.acknowledged(2)
    expect(one.taken()).toEqual(['0:1'])
    link.detach()
    link.attach(3)
    expect(one.taken()).toEqual(['0:3'])
    expect(() => link.acknowledged(9)).toThrow()
    expect(one.taken()).toEqual([])
  })

  it('discards what the peer is not to get: the rest is numbered on from what it has, and nothing is missing', () => {
    const one = serverLink()
    const { link } = one
    link.begin()
    send(one, [0, 1], [1, 2], [2, 3], [1, 4])
    link.detach()
    send(one, [1, 5], [2, 6])
    one.transmitted()
    expect(link.discard(2, (room) => room === 1).map((frame) => [...frame])).toEqual([[...frameOf(4)], [...frameOf(5)]])
    expect(link.attach(2)).toEqual(missed())
    link.replay()
    expect([one.transmitted(), link.sent]).toEqual([['2:3', '2:6'], 4])
  })

  it('knows whether something larger than the peer accepts is kept', () => {
    const one = serverLink()
    send(one, [1, 1])
    expect([one.link.keepsLarger(3), one.link.keepsLarger(4)]).toEqual([true, false])
  })

  it('never gives up the frames of the session', () => {
    const one = serverLink({ maxFrames: 2 })
    send(one, [0, 1], [0, 2], [0, 3], [1, 4])
    expect([one.forfeited(), one.link.unsent]).toEqual([['1:4'], 3])
  })
})
