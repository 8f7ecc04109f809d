import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { CannotRun, runAlone } from './alone.ts'

const root = mkdtempSync(join(tmpdir(), 'runs-'))
const folder = pathToFileURL(`${root}/latest/`)
const mark = join(root, 'latest', 'running')

afterAll(() => rmSync(root, { recursive: true }))

it('lets one run begin after another, and also after one that was killed', () => {
  for (const left of [undefined, '', '999999999']) {
    if (left !== undefined) writeFileSync(mark, left)
    const end = runAlone(folder)
    expect(readFileSync(mark, 'utf8')).toBe(String(process.pid))
    end()
    expect(() => readFileSync(mark)).toThrow('ENOENT')
  }
})

it('refuses a second one, and names the first', () => {
  writeFileSync(mark, String(process.ppid))
  expect(() => runAlone(folder)).toThrow(CannotRun)
  expect(() => runAlone(folder)).toThrow(`another run goes on (process ${process.ppid}): wait for it, or end it`)
})

it('says at once that nothing can be written', () => {
  writeFileSync(join(root, 'file'), '')
  expect(() => runAlone(pathToFileURL(`${root}/file/latest/`))).toThrow(
    /^results could not be written: (ENOTDIR|EEXIST)/,
  )
})
