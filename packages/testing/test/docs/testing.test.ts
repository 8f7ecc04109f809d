import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { JuntoClient } from '@junto/client'
import { JuntoServer, SilentLogger } from '@junto/server'
import { afterAll, describe, expect, it } from 'vitest'
import * as testing from '../../src/index.ts'
import { root } from '../packages/run.ts'
import { codeOf } from './code.ts'
import { parsePage } from './markdown.ts'

// What docs/testing.md shows is run: its tests as tests of this file, its pieces in a world.

// Within the repository, so that the packages are found.
const cache = join(root, 'node_modules/.cache')
await mkdir(cache, { recursive: true })
const folder = await mkdtemp(join(cache, 'testing-page-'))
await writeFile(join(folder, 'package.json'), '{ "type": "module" }')

const files = codeOf(parsePage(readFileSync(join(root, 'docs/testing.md'), 'utf8')))
for (const { name, text } of files) await writeFile(join(folder, name), text)

afterAll(() => rm(folder, { recursive: true, force: true }))

const isTest = (text: string): boolean => /^(it|test)[.(]/m.test(text)

describe('the tests of the page', async () => {
  for (const { name, text } of files) if (isTest(text)) await import(join(folder, name))
})

/** Runs a piece of the page, as somebody would who has what its preludes declare. */
async function run(text: string, names: Readonly<Record<string, unknown>>): Promise<void> {
  const code = text.replaceAll(/^(import|declare) .*$/gm, '')
  // What a block makes for itself is no parameter of it.
  const given = Object.entries(names).filter(([name]) => !new RegExp(String.raw`^const ${name}\b`, 'm').test(code))
  const body = `return (async () => {\n${code}\n})()`
  // oxlint-disable-next-line typescript/no-implied-eval -- it stands in our own page
  await new Function(...given.map(([name]) => name), body)(...given.map(([, value]) => value))
}

describe('the pieces of the page', async () => {
  const { Tally }: { Tally: Parameters<JuntoClient['open']>[0] } = (await import(join(folder, 'contract.ts'))) as never
  const { TallyRoom }: { TallyRoom: unknown } = (await import(join(folder, 'tally-room.ts'))) as never
  const pieces = files.filter(({ title, text }) => title === undefined && !isTest(text))

  it('are some', () => {
    expect(pieces.length).toBeGreaterThanOrEqual(5)
  })

  it.each(pieces)('$name', async ({ text }) => {
    const world = testing.createWorld({ rooms: [[Tally, TallyRoom]] as never })
    const ada = world.client()
    const room = await world.until(Object(ada).open(Tally, { key: 'a', join: { name: 'Ada' } }))
    class QuietServer extends JuntoServer {
      constructor(options: object) {
        super({ ...options, logger: new SilentLogger() })
      }
    }
    await run(text, {
      ...testing,
      JuntoClient,
      JuntoServer: QuietServer,
      Tally,
      TallyRoom,
      world,
      ada,
      room,
      console: { log: () => {} },
    })
    await world.end()
  })
})
