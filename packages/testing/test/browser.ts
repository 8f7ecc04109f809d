import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import { describe } from 'vitest'

const executablePath = '/usr/bin/chromium'

/** Starts a browser that calls nobody but the pages' own servers. */
export function launchBrowser(): Promise<Browser> {
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet] })
}

/** Like `describe`, for tests that need a browser: skipped visibly where there is none, and a failure with CI=true. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (existsSync(executablePath) || process.env['CI'] === 'true') describe(name, tests)
  else describe.skip(`${name} (needs ${executablePath}: apt-get install -y chromium)`, tests)
}
