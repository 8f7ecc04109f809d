import { describe, expect, it } from 'vitest'
import { History, type ChannelOptions } from './history.ts'

/** What is wrong with what was recorded on one channel. */
function faultsOf(record: (channel: ReturnType<History['channel']>) => void, options: ChannelOptions = {}) {
  const history = new History()
  record(history.channel('ada', options))
  return history.faults()
}

describe('a reliable channel', () => {
  it('is as promised when each message was seen once, in order', () => {
    expect(
      faultsOf((ada) => {
        ada.sent(1)
        ada.sent(2)
        ada.seen(1)
        ada.sent(3)
        ada.seen(2)
        ada.acknowledged(1)
        ada.seen(3)
      }),
    ).toEqual([])
  })

  it.each<[string, (channel: ReturnType<History['channel']>) => void, string]>([
    ['twice', (ada) => [1, 1].forEach((n) => ada.seen(n)), 'ada: 1 was seen twice'],
    [
      'out of order',
      (ada) => [2, 1].forEach((n) => ada.seen(n)),
      'ada: 1 was seen behind 2, which had been sent later',
    ],
    ['what nobody sent', (ada) => [1, 2, 7].forEach((n) => ada.seen(n)), 'ada: 7 was seen, and nobody had sent it'],
    ['not at all', (ada) => ada.seen(1), 'ada: 2 never arrived, and nobody was told'],
    [
      'an acknowledgement of what was not seen',
      (ada) => ada.acknowledged(2),
      'ada: 2 was acknowledged, and its receiver had not seen it',
    ],
    [
      'a refusal of what was seen',
      (ada) => {
        ada.seen(1)
        ada.refused(1)
      },
      'ada: 1 was refused, and its receiver had seen it',
    ],
    [
      'what was refused before',
      (ada) => {
        ada.refused(1)
        ada.seen(1)
      },
      'ada: 1 was seen, and its sender was told that it would not be',
    ],
    [
      'two endings',
      (ada) => {
        ada.unknown(1)
        ada.refused(1)
      },
      'ada: 1 ended twice: unknown, then refused',
    ],
    ['one sent twice', (ada) => ada.sent(1), 'ada: 1 was sent twice: give each message a value of its own'],
  ])('is not with %s', (_name, record, fault) => {
    expect(
      faultsOf((ada) => {
        ada.sent(1)
        ada.sent(2)
        record(ada)
      }),
    ).toContain(fault)
  })

  it('may lose what it says it lost, and no more', () => {
    const lost = (count?: number) =>
      faultsOf((ada) => {
        for (let n = 0; n < 8; n++) ada.sent(n)
        ada.seen(0)
        ada.signalled(count)
      })
    expect(lost()).toEqual([])
    expect(lost(7)).toEqual([])
    expect(lost(6)).toEqual(['ada: 1, 2, 3, 4, 5 and 2 more never arrived, and only 6 were said to be missing'])
  })

  it('may not lose what was sent after a loss was signalled', () => {
    expect(
      faultsOf((ada) => {
        ada.sent(1)
        ada.signalled()
        ada.sent(2)
      }),
    ).toEqual(['ada: 2 never arrived, and nobody was told'])
  })

  it('of questions has each end, and may leave one open as unknown', () => {
    expect(
      faultsOf(
        (ada) => {
          ada.sent(1)
          ada.sent(2)
          ada.sent(3)
          ada.seen(1)
          ada.acknowledged(1)
          ada.unknown(2)
          ada.seen(3)
        },
        { answered: true },
      ),
    ).toEqual(['ada: 3 never ended'])
  })

  it('owes nothing when it was closed, and stays wrong where it was', () => {
    expect(
      faultsOf(
        (ada) => {
          ada.sent(1)
          ada.close()
          ada.sent(2)
          ada.seen(2)
          ada.seen(2)
        },
        { answered: true },
      ),
    ).toEqual(['ada: 2 was seen twice'])
  })

  it('may repeat where that is allowed', () => {
    const record = (ada: ReturnType<History['channel']>): void => {
      ada.sent(1)
      ada.seen(1)
      ada.seen(1)
    }
    expect(faultsOf(record, { repeatable: true })).toEqual([])
  })
})

describe('a channel of class latest', () => {
  const latest = { promised: 'latest' } as const

  it('may skip all but the newest of each key', () => {
    const record = (ada: ReturnType<History['channel']>): void => {
      ada.sent(1, 'x')
      ada.sent(2, 'y')
      ada.sent(3, 'x')
      ada.seen(3)
    }
    expect(faultsOf(record, latest)).toEqual(['ada: 2 never arrived, and nobody was told'])
    expect(
      faultsOf((ada) => {
        record(ada)
        ada.seen(2)
      }, latest),
    ).toEqual([])
  })

  it('never shows an older one of a key', () => {
    expect(
      faultsOf((ada) => {
        ada.sent(1, 'x')
        ada.sent(2, 'x')
        ada.seen(2)
        ada.seen(1)
      }, latest),
    ).toEqual(['ada: 1 was seen behind 2, which had been sent later'])
  })
})

it('a volatile channel may lose any, and doubles none', () => {
  expect(
    faultsOf(
      (ada) => {
        for (let n = 0; n < 5; n++) ada.sent(n)
        ada.seen(1)
        ada.seen(3)
        ada.seen(3)
      },
      { promised: 'volatile' },
    ),
  ).toEqual(['ada: 3 was seen twice'])
})

it('a history tells the faults of all channels, and those that it was told', () => {
  const history = new History()
  history.channel('a').seen(1)
  history.fault('the door is open')
  expect(history.faults()).toEqual(['the door is open', 'a: 1 was seen, and nobody had sent it'])
  expect(history.channel('a').counts).toEqual({ sent: 0, seen: 0 })
})
