import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { compileLayout, encodeLayout, layoutOf, StateTree } from '@junto/schema/internal'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SeededRandom } from '../src/index.ts'
import { describeInBrowser, launchBrowser } from './browser.ts'
import { mirrored, writeTask, type Outcomes, type Task } from './fixtures/bundle/mirrored.ts'
import { firstState, Kinds } from './independent-client/contract.fixture.ts'
import { readLayout } from './independent-client/layout.ts'
import { change } from './independent-client/random-state.fixture.ts'
import { root } from './packages/run.ts'

// Mirrors read the same where a page's content security policy forbids to make functions from text, and such a page hears of no
// violation unless it asked for them.

const strict = "script-src 'self'"

let server: Server
let browser: Browser

beforeAll(async () => {
  const script = await bundled()
  server = createServer((request, response) => {
    const [, policy, compiled, file] = request.url?.split('/') ?? []
    if (policy === 'strict') response.setHeader('content-security-policy', strict)
    if (file === 'task') response.end(writeTask({ ...task, compiled: compiled === 'compiled' }))
    else if (file === 'page.js') response.setHeader('content-type', 'text/javascript').end(script)
    else
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><script type="module" src="page.js"></script>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(async () => {
  await browser?.close()
  server.close()
})

/** The page's program, as a bundler for browsers puts it together. */
async function bundled(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('fixtures/bundle/mirror-page.ts', import.meta.url))],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@junto/source'],
    write: false,
    outdir: 'out',
  })
  const [code] = outputFiles
  if (code === undefined) throw new Error('nothing was built')
  return code.contents
}

/** Updates of a state with something of every kind, some of them spoilt; after each of these a snapshot. */
function updates(): Task['updates'] {
  const random = new SeededRandom(3)
  const layout = compileLayout(layoutOf(Kinds))
  const tree = StateTree.create(layout, Kinds, firstState(), { epoch: '0011223344556677' })
  const viewer = tree.viewer({ everything: true })
  const type = readLayout(encodeLayout(layout.layout)).state
  const told: { kind: 'snapshot' | 'patch'; bytes: string }[] = []
  const tell = (kind: 'snapshot' | 'patch', bytes: Uint8Array): void => {
    told.push({ kind, bytes: Buffer.from(bytes).toString('hex') })
  }
  tell('snapshot', tree.snapshot())
  viewer.take()
  for (let step = 0; step < 200; step++) {
    change(type, tree.root, random)
    tree.close()
    const update = viewer.take()
    if (update === undefined) continue
    if (!random.chance(0.3)) {
      tell(update.kind, update.bytes)
      continue
    }
    const spoilt = update.bytes.slice()
    spoilt[random.integer(0, spoilt.length - 1)] = random.integer(0, 255)
    tell(update.kind, spoilt)
    tell('snapshot', tree.snapshot())
  }
  return told
}

const task = { layout: compileLayout(layoutOf(Kinds)).layout, updates: updates() }

describeInBrowser('a page', () => {
  /** Has a page do it, and returns what came of it, and what the page heard of its policy. */
  async function visit(policy: 'strict' | 'none', readers: 'compiled' | 'usual') {
    browser ??= await launchBrowser()
    const page = await browser.newPage()
    const lines: string[] = []
    page.on('console', (message) => lines.push(message.text()))
    await page.addInitScript(
      'violations = []; addEventListener("securitypolicyviolation", (event) => violations.push(event.blockedURI))',
    )
    const { port } = server.address() as AddressInfo
    const response = await page.goto(`http://127.0.0.1:${port}/${policy}/${readers}/`)
    expect(response?.headers()['content-security-policy']).toBe(policy === 'strict' ? strict : undefined)
    await page.waitForFunction('globalThis.done')
    const done = (await page.evaluate('done')) as { readonly outcomes: Outcomes; readonly functions: boolean }
    const violations: unknown = await page.evaluate('violations')
    await page.close()
    return { ...done, violations, lines }
  }

  const expected = mirrored({ ...task, compiled: true })

  it('is given what can be compared: bytes that are refused, and many states', () => {
    expect(expected.filter(({ refused }) => refused !== undefined).length).toBeGreaterThan(10)
    expect(new Set(expected.map(({ hash }) => hash)).size).toBeGreaterThan(100)
    expect(mirrored({ ...task, compiled: false })).toEqual(expected)
  })

  it('mirrors alike without a policy, with functions made from text', async () => {
    const { outcomes, functions, violations } = await visit('none', 'compiled')
    expect(outcomes).toEqual(expected)
    expect(functions).toBe(true)
    expect(violations).toEqual([])
  })

  it('mirrors alike under a policy that forbids these, and hears of no violation', async () => {
    const { outcomes, violations, lines } = await visit('strict', 'usual')
    expect(outcomes).toEqual(expected)
    expect(violations).toEqual([])
    expect(lines).toEqual([])
  })

  // That the policy is in force shows here.
  it('that chose them all the same mirrors alike, and hears of one violation', async () => {
    const { outcomes, functions, violations } = await visit('strict', 'compiled')
    expect(outcomes).toEqual(expected)
    expect(functions).toBe(false)
    expect(violations).toEqual(['eval'])
  })
})
