import { describe, expect, it } from 'vitest'
import { JuntoError } from '../errors.ts'
import { frameOverhead } from './link.ts'
import { clientLink, frameOf, serverLink, type WatchedLink } from './link.fixture.ts'

/** Bytes that each frame of these tests counts. */
const each = 4 + frameOverhead

function send({ link }: WatchedLink, ...frames: (readonly [room: number, value: number])[]): void {
  for (const [room, value] of frames) link.send(room, frameOf(value))
}

describe('a link', () => {
  it('[K1] numbers what it sends from 1, and keeps it until it is acknowledged', () => {
    const one = clientLink()
    const { link } = one
    link.begin()
    send(one, [0, 1], [1, 2], [1, 3])
    expect(one.transmitted()).toEqual(['0:1', '1:2', '1:3'])
    expect([link.sent, link.oldest, link.kept, link.unsent]).toEqual([3, 1, 3 * each, 0])
    link.acknowledged(2)
    expect([link.sent, link.oldest, link.kept]).toEqual([3, 3, each])
    link.acknowledged(3)
    expect([link.sent, link.oldest, link.kept]).toEqual([3, 4, 0])
    send(one, [1, 4])
    expect([link.sent, link.oldest, link.kept]).toEqual([4, 4, each])
  })

  it('keeps what is sent before there is a connection, and sends it when there is one', () => {
    const one = clientLink()
    const { link } = one
    send(one, [0, 1], [1, 2])
    expect([link.attached, link.sent, link.unsent, one.transmitted()]).toEqual([false, 0, 2, []])
    link.begin()
    expect([link.attached, link.sent, link.unsent, one.transmitted()]).toEqual([true, 2, 0, ['0:1', '1:2']])
  })

  it('[K8] sends again what the peer has not taken, and then what it was given meanwhile', () => {
    const one = clientLink()
    const { link } = one
    link.begin()
    send(one, [1, 1], [1, 2], [1, 3])
    link.acknowledged(1)
    link.detach()
    send(one, [1, 4])
    expect([link.attached, link.sent, link.unsent]).toEqual([false, 3, 1])
    one.transmitted()

    link.attach(2)
    // What has a number waits for the replay, also what is sent now.
    send(one, [1, 5])
    expect([link.attached, one.transmitted()]).toEqual([true, []])
    const behind: number[] = []
    link.replay((room) => behind.push(room, link.sent))
    expect(one.transmitted()).toEqual(['1:3', '1:4', '1:5'])
    expect(behind).toEqual([1, 3, 1, 4, 1, 5])
    expect([link.sent, link.unsent, link.oldest]).toEqual([5, 0, 3])
    send(one, [1, 6])
    expect([link.sent, one.transmitted()]).toEqual([6, ['1:6']])
  })

  it('survives a connection that goes while it replays: what went was transmitted, the rest was not', () => {
    const one = clientLink({
      onTransmit: () => {
        if (goes && --left === 0) one.link.detach()
      },
    })
    const { link } = one
    let goes = true
    let left = 2
    send(one, [1, 1], [1, 2], [1, 3])
    link.begin()
    expect(one.transmitted()).toEqual(['1:1', '1:2'])
    expect([link.attached, link.sent, link.unsent]).toEqual([false, 2, 1])
    goes = false
    link.attach(0)
    link.replay()
    expect(one.transmitted()).toEqual(['1:1', '1:2', '1:3'])
    expect([link.attached, link.sent, link.unsent]).toEqual([true, 3, 0])
  })

  it('has not sent what could not be transmitted', () => {
    const one = clientLink({
      onTransmit: (room) => {
        if (room === 9) throw new JuntoError('too_large', 'no')
      },
    })
    one.link.begin()
    expect(() => one.link.send(9, frameOf(1))).toThrow('no')
    expect([one.link.sent, one.link.kept]).toEqual([0, 0])
    send(one, [1, 2])
    expect([one.link.sent, one.transmitted()]).toEqual([1, ['1:2']])
  })

  it('takes back what was never transmitted, and only that', () => {
    const one = clientLink()
    const { link } = one
    const [first, second, third] = [frameOf(1), frameOf(2), frameOf(3)]
    link.begin()
    link.send(1, first)
    link.detach()
    link.send(1, second)
    link.send(1, third)
    expect([link.retract(first), link.retract(third), link.retract(third), link.retract(frameOf(2))]).toEqual([
      false,
      true,
      false,
      false,
    ])
    expect([link.sent, link.unsent, link.kept]).toEqual([1, 1, 2 * each])
    link.send(1, frameOf(4))
    link.attach(0)
    // Once it has gone over a connection, it can arrive.
    expect(link.retract(first)).toBe(false)
    expect(link.retract(second)).toBe(true)
    one.transmitted()
    link.replay()
    expect(one.transmitted()).toEqual(['1:1', '1:4'])
  })

  it('begins anew, and gives out what nobody can have got', () => {
    const one = clientLink()
    const { link } = one
    link.begin()
    send(one, [1, 1])
    link.take()
    link.detach()
    send(one, [2, 2], [1, 3])
    expect(link.takeUnsent().map(({ room, frame }) => [room, ...frame])).toEqual([
      [2, 0, 0, 0, 2],
      [1, 0, 0, 0, 3],
    ])
    expect([link.unsent, link.sent, link.kept]).toEqual([0, 1, each])
    link.reset()
    expect([link.attached, link.received, link.sent, link.oldest, link.kept]).toEqual([false, 0, 0, 1, 0])
    one.transmitted()
    link.begin()
    send(one, [1, 4])
    expect([link.sent, one.transmitted()]).toEqual([1, ['1:4']])
  })

  it.each([
    ['an ack of more than was sent', 4],
    ['an ack of less than before', 0],
  ])('[K5] refuses %s', (_name, received) => {
    const one = serverLink()
    one.link.begin()
    send(one, [1, 1], [1, 2], [1, 3])
    one.link.acknowledged(1)
    const message = `[K5] of docs/protocol.md is broken: ${received}`
    expect(() => one.link.acknowledged(received)).toThrow(new JuntoError('bad_message', message))
    one.link.detach()
    expect(() => one.link.attach(received)).toThrow(message)
    expect(one.link.attached).toBe(false)
  })
})

describe('[K6] acks', () => {
  it('ride once eight frames were taken, and go alone when any was', () => {
    const { link } = clientLink()
    link.begin()
    expect([link.owesAck, link.ack('alone')]).toEqual([false, undefined])
    for (let i = 0; i < 7; i++) link.take()
    expect([link.owesAck, link.received, link.ack('riding')]).toEqual([true, 7, undefined])
    link.take()
    expect([link.ack('riding'), link.ack('riding'), link.ack('alone')]).toEqual([8, undefined, undefined])
    link.take()
    expect([link.ack('riding'), link.ack('alone'), link.owesAck]).toEqual([undefined, 9, false])
  })

  it('are due after a quarter of what may be kept has come', () => {
    const { link } = clientLink({ maxBytes: 4000 })
    link.begin()
    link.take()
    link.arrived(999)
    expect(link.ackIsDue).toBe(false)
    link.arrived(1)
    expect(link.ackIsDue).toBe(true)
    link.ack('alone')
    link.arrived(2000)
    // What came was no numbered frame.
    expect(link.ackIsDue).toBe(false)
    link.take()
    expect(link.ackIsDue).toBe(true)
  })

  it('are not owed for what the peer was told at a resume', () => {
    const { link } = clientLink()
    link.begin()
    link.take()
    link.detach()
    expect(link.owesAck).toBe(true)
    link.attach(0)
    expect([link.owesAck, link.received]).toEqual([false, 1])
  })
})
