import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serverLimitsTable } from '@junto/protocol'
import type { LeaveReason, RoomBase } from '@junto/server'
import type { AnyContract } from '@junto/schema'
import { expect, it } from 'vitest'
import { root } from '../packages/run.ts'
import { sections } from './sections.ts'

// docs/rooms.md against the code: its reasons, hooks and limits.

const page = readFileSync(join(root, 'docs/rooms.md'), 'utf8')
const parts = [...sections(page, 2), ...sections(page, 3)]

/** The cells of the rows of a section's tables. */
function rowsOf(title: string): string[][] {
  const text = parts.find((part) => part.title === title)?.text ?? ''
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

it('every reason for leaving is there, and no other', () => {
  const reasons: { readonly [R in LeaveReason]: true } = {
    left: true,
    disconnected: true,
    refused: true,
    kicked: true,
    closed: true,
    idle: true,
    expired: true,
    failed: true,
    shutdown: true,
  }
  expect(rowsOf('Why somebody leaves').map(([name]) => name)).toEqual(Object.keys(reasons).map((name) => `\`${name}\``))
})

it('every hook is there, and no other', () => {
  type Hook = Extract<keyof RoomBase<AnyContract>, `on${string}`> | 'onCreate'
  const hooks: { readonly [H in Hook]: true } = {
    onCreate: true,
    onRestore: true,
    onJoin: true,
    onDrop: true,
    onResume: true,
    onPresence: true,
    onUndo: true,
    onLeave: true,
    onTick: true,
    onDispose: true,
    onError: true,
  }
  expect(rowsOf('Hooks').map(([name]) => /^`(\w+)\(/.exec(name ?? '')?.[1])).toEqual(Object.keys(hooks))
})

it('every limit has its default', () => {
  const rows = rowsOf('When code fails')
  expect(rows).toHaveLength(6)
  for (const [name = '', value = ''] of rows) {
    const limit = Object.entries(serverLimitsTable).find(([each]) => name === `\`${each}\``)?.[1]
    const [, number, unit] = /^(\d+)(?: (s|ms))?$/.exec(value) ?? []
    expect([name, Number(number) * (unit === 's' ? 1000 : 1)]).toEqual([name, limit?.value])
  }
  const { roomFaults, roomFaultWindow, roomRestarts, roomRestartWindow, disposeAfter, hookTimeout, joinTimeout } =
    serverLimitsTable
  const flat = page.replaceAll(/\s+/g, ' ')
  const seconds = (limit: { value: number }) => `${limit.value / 1000} s`
  expect(flat).toContain(`fails more than ${roomFaults.value} times within ${seconds(roomFaultWindow)}`)
  expect(flat).toContain(`more than ${roomFaults.value} times within ${seconds(roomFaultWindow)} |`)
  expect(flat).toContain(`made again ${roomRestarts.value} times within a minute`)
  expect(roomRestartWindow.value).toBe(60_000)
  expect(flat).toContain(`${seconds(disposeAfter)} (limit \`disposeAfter\`)`)
  expect(flat).toContain(`waits for ${seconds(hookTimeout)} (limit \`hookTimeout\`)`)
  expect(flat).toContain(`${seconds(joinTimeout)} (limit \`joinTimeout\`)`)
})
