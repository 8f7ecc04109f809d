import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { check } from './check.ts'
import { allRecorded } from './recorded.ts'
import { readTargets } from './targets.ts'

// As users run it. What a run that measures exits with, 0, 1 or 3, is in measuring.test.ts.

const root = fileURLToPath(new URL('..', import.meta.url))

function bench(...args: string[]) {
  const node = ['--import', 'tsx', '--conditions=@junto/source', 'benchmarks/run.ts', ...args]
  return spawnSync(process.execPath, node, { cwd: root, encoding: 'utf8' })
}

it('exits with 2 for arguments that mean nothing, and says which and what there is', () => {
  const { status, stdout, stderr } = bench('calls', 'room2')
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^there is no benchmark 'room2', only .*\n\nusage: npm run bench -- \[NAME…\]/s)
})

it('judges what is recorded, and exits with what comes out', () => {
  const runs = allRecorded()
  const checked = Object.keys(readTargets()).map((name) => {
    const { rows = [], targets = [] } = runs.get(name) ?? {}
    return { name, rows, verdicts: targets }
  })
  const { status, stdout } = bench('--check', '--recorded')
  const { code, lines } = check(checked)
  expect(status).toBe(code)
  // Of the same targets, in whichever order of benchmarks.
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(lines.at(-1))
})
