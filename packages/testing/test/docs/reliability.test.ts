import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closeCodes, reconnectsAfter, type CloseCode } from '@junto/protocol'
import { expect, it } from 'vitest'
import { root } from '../packages/run.ts'
import { limitRows } from './protocol-page.ts'

// docs/reliability.md against the code: the numbers of its promises, and its table of close codes.

const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8')
const flat = page.replaceAll(/\s+/g, ' ')

/** The cells of the rows of tables. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

const { server, client } = limitRows()
const defaults = new Map(
  [...server, ...client].map((row) => {
    const [, name = '', value = ''] = /^\| `(\w+)` \| ([^|]+) \|/.exec(row) ?? []
    return [name, value.trim()] as const
  }),
)

/** Numbers of the page, each with the limit in brackets behind it. */
const promised = [...flat.matchAll(/\b([\d,]+(?: (?:ms|s|KiB|MiB)\b)?)(?: [a-z ]+)? \(`(\w+)`\)/g)].map(
  ([, value = '', limit = '']) => ({ limit, value }),
)

it('every number of a promise is the default of its limit', () => {
  expect(promised.length).toBeGreaterThanOrEqual(18)
  for (const { limit, value } of promised) expect([limit, value]).toEqual([limit, defaults.get(limit)])
})

it('every limit that is named has its number before it, or is no more than named', () => {
  const inBrackets = [...flat.matchAll(/\(`(\w+)`\)/g)].map(([, name = '']) => name)
  const inWords = ['saveDelay', 'closeOnSignals', 'origins']
  expect(inBrackets.filter((name) => !inWords.includes(name))).toEqual(promised.map(({ limit }) => limit))
})

it('what follows from them is right', () => {
  const value = (limit: string): number => Number(/^(\d+) s$/.exec(defaults.get(limit) ?? '')?.[1])
  expect(flat).toContain(`under use is noticed within ${2 * value('activeHeartbeat')} s by either side`)
  expect(flat).toContain(`An idle one is noticed within ${value('heartbeat') + value('pongTimeout')} s`)
  expect([value('saveDelay'), value('saveInterval')]).toEqual([1, 5])
})

it('[C1] every close code is there as it is, with what to do', () => {
  const table = rows.filter(([, code = '']) => /^4\d{3}$/.test(code))
  const codes = Object.values<CloseCode>(closeCodes).toSorted((a, b) => a.code - b.code)
  expect(table.map((cells) => cells.slice(1, 5))).toEqual(
    codes.map(({ code, name, reconnect, meaning }) => [
      String(code),
      `\`${name}\``,
      reconnect ? 'comes back' : 'stops',
      meaning,
    ]),
  )
  for (const cells of table) expect(cells[5]?.length).toBeGreaterThan(5)
})

it('[C2] the standard codes that stop a client are those named, and no others', () => {
  const [, named = ''] = /Of the codes of WebSocket itself, ([\d, and]+) stop a client/.exec(flat) ?? []
  const standard = Array.from({ length: 1000 }, (_, index) => 1000 + index)
  expect(named.match(/\d+/g)?.map(Number)).toEqual(standard.filter((code) => !reconnectsAfter(code)))
  expect(reconnectsAfter(1006)).toBe(true)
})

it('every outcome that programs are told of is in the table', () => {
  const told = rows.map(([, cell = '']) => cell).join('\n')
  for (const outcome of [
    '`resumed`',
    '`resynced`',
    '`rejoined`',
    '`lost`',
    '`refused`',
    '`outcome_unknown`',
    '`timeout`',
    '`disconnected`',
  ]) {
    expect(told).toContain(outcome)
  }
})
