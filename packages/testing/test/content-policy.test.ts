import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { compileLayout, layoutOf } from '@junto/schema/internal'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SeededRandom } from '../src/index.ts'
import { describeInBrowser, launchBrowser } from './browser.ts'
import { bundledPage } from './bundle.ts'
import { mirrored, writeTask, type Outcomes, type Task } from './fixtures/bundle/mirrored.ts'
import { told, turnsOf, written, type Told } from './fixtures/bundle/written.ts'
import { Kinds } from './independent-client/contract.fixture.ts'

// Mirrors read the same, and states send the same bytes, where a page's content security policy forbids to make functions from text. A
// page with mirrors hears of no violation unless it asked for such functions.

const strict = "script-src 'self'"

let server: Server
let browser: Browser
/** One for all pages: a new one takes longer than what a page does. */
let profile: BrowserContext

beforeAll(async () => {
  const scripts = new Map([
    ['mirror.js', (await bundledPage('mirror-page.ts')).code],
    ['state.js', (await bundledPage('state-page.ts')).code],
  ])
  server = createServer((request, response) => {
    const [, policy, page, file = ''] = request.url?.split('/') ?? []
    if (policy === 'strict') response.setHeader('content-security-policy', strict)
    const script = scripts.get(file)
    if (file === 'task') response.end(writeTask({ ...task, compiled: page === 'compiled' }))
    else if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script)
    else {
      const source = page === 'state' ? 'state.js' : 'mirror.js'
      response
        .setHeader('content-type', 'text/html')
        .end(`<!doctype html><script type="module" src="${source}"></script>`)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(async () => {
  await browser?.close()
  server.close()
})

/** What a state tells, some of it spoilt; a snapshot after each that was. */
function updates(): Task['updates'] {
  const random = new SeededRandom(3)
  const all: Told[] = []
  for (const { update, snapshot } of turnsOf(200)) {
    if (all.length === 0 || !random.chance(0.3)) {
      all.push(told(update))
      continue
    }
    const bytes = update.bytes.slice()
    bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255)
    all.push(told({ kind: update.kind, bytes }), snapshot())
  }
  return all
}

const task = { layout: compileLayout(layoutOf(Kinds)).layout, updates: updates() }

describeInBrowser('a page', () => {
  /** Has a page do it, and returns what came of it, and what the page heard of its policy. */
  async function visit(policy: 'strict' | 'none', readers: 'compiled' | 'usual') {
    const { done, ...heard } = await open(`${policy}/${readers}`, policy)
    return { ...(done as { readonly outcomes: Outcomes; readonly functions: boolean }), ...heard }
  }

  async function open(path: string, policy: 'strict' | 'none') {
    browser ??= await launchBrowser()
    profile ??= await browser.newContext()
    const page = await profile.newPage()
    const lines: string[] = []
    page.on('console', (message) => lines.push(message.text()))
    await page.addInitScript(
      'violations = []; addEventListener("securitypolicyviolation", (event) => violations.push(event.blockedURI))',
    )
    const { port } = server.address() as AddressInfo
    const response = await page.goto(`http://127.0.0.1:${port}/${path}/`)
    expect(response?.headers()['content-security-policy']).toBe(policy === 'strict' ? strict : undefined)
    await page.waitForFunction('globalThis.done')
    const done: unknown = await page.evaluate('done')
    const violations: unknown = await page.evaluate('violations')
    await page.close()
    return { done, violations, lines }
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

  // The one violation is the attempt to make the first function: the policy was in force.
  it.each([
    ['none', []],
    ['strict', ['eval']],
  ] as const)('with a state of its own sends the same bytes as Node under the policy: %s', async (policy, heard) => {
    const here = written(200)
    expect(new Set(here.map(({ bytes }) => bytes)).size).toBeGreaterThan(100)
    const { done, violations } = await open(`${policy}/state`, policy)
    expect(done).toEqual(here)
    expect(violations).toEqual(heard)
  })
})
