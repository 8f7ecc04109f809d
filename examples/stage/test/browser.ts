import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext } from 'playwright-core'
import { describe } from 'vitest'

const executablePath = '/usr/bin/chromium'

/**
 * Whether this is `npm run test:long`. Windows cost seconds each: what other tests show as well, without windows or beside something else,
 * is shown in them only then.
 */
export const isLongRun = (process.env['JUNTO_RUNS_FACTOR'] ?? '1') !== '1'

/** It calls nobody but the page's own server. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts a browser. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: quiet })
}

/**
 * A browser as people have it: pages are tabs of one window, and those behind another are hidden and slowed down. (One that Playwright launches
 * takes every page for visible, and is told to slow none.)
 */
export class Desk {
  readonly context: BrowserContext
  readonly #close: () => Promise<void>

  private constructor(context: BrowserContext, close: () => Promise<void>) {
    this.context = context
    this.#close = close
  }

  static async open(): Promise<Desk> {
    const profile = await mkdtemp(join(tmpdir(), 'desk-'))
    const own = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
    const child = spawn(executablePath, [...quiet, ...own], { stdio: ['ignore', 'ignore', 'pipe'] })
    const exited = once(child, 'exit')
    const address = await new Promise<string>((resolve, reject) => {
      let output = ''
      child.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        const found = /ws:\/\/\S+/.exec(output)
        if (found !== null) resolve(found[0])
      })
      void exited.then(() => reject(new Error(`The browser ended before it could be reached:\n${output}`)))
    })
    const browser = await chromium.connectOverCDP(address, { noDefaults: true })
    const [context] = browser.contexts()
    if (context === undefined) throw new Error('The browser has no window.')
    return new Desk(context, async () => {
      await browser.close()
      child.kill()
      await exited
      // Its helpers write a moment longer than itself.
      await rm(profile, { recursive: true, force: true, maxRetries: 10 })
    })
  }

  close(): Promise<void> {
    return this.#close()
  }
}

/**
 * Like `describe`, for tests that need a browser. Where there is none they are skipped by a name that says how to install it;
 * with CI=true they fail.
 */
export function describeInBrowser(name: string, tests: () => void): void {
  if (existsSync(executablePath) || process.env['CI'] === 'true') describe(name, tests)
  else describe.skip(`${name} (needs ${executablePath}: apt-get install -y chromium)`, tests)
}
