import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeInBrowser, isLongRun, launchBrowser } from '../../stage/test/browser.ts'
import { buildPage, ServerProcess } from '../../stage/test/server-process.ts'
import { Player } from './player.ts'

const folder = join(import.meta.dirname, '..')

describeInBrowser('the page of the arena', () => {
  let browser: Browser
  let server: ServerProcess
  let player: Player | undefined

  beforeAll(async () => {
    await buildPage(folder)
    ;[browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(folder, { FIGHTERS: '1' })])
    return async () => {
      await browser.close()
      await server.end('SIGTERM')
    }
  })

  afterEach(() => player?.leave())

  test('by keys alone one uses the panel, and walks only when it does not have the focus', async () => {
    player = await Player.arrive(browser, `${server.url}/a/keys`, 'Ada')
    const { page } = player
    const focus = (): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '')
    expect(await focus()).toBe('field')
    await expect.poll(() => page.locator('#status').innerText()).toMatch(/^Live · \d+.ms$/)
    expect(await page.locator('#invite').innerText()).toBe('Copy link for friends')

    const place = (): Promise<number | undefined> => page.evaluate(() => arena.fighters().find(({ own }) => own)?.x)
    const before = await place()
    await page.locator('#latency').focus()
    for (let presses = 0; presses < 3; presses++) await page.keyboard.press('ArrowRight')
    expect(await page.locator('#latency').inputValue()).toBe('15')
    await page.locator('#rewind').focus()
    await page.keyboard.press('Space')
    expect(await page.locator('#rewind').isChecked()).toBe(false)
    expect(await focus()).toBe('rewind')
    expect(await place()).toBe(before)
    await page.keyboard.press('Escape')
    expect(await focus()).toBe('field')
    // The keys are the fighter's again: it moves.
    await player.reaction('KeyA')
    // By mouse one is back on the field at once.
    await page.locator('label', { has: page.locator('#rewind') }).click()
    expect(await focus()).toBe('field')
    await page.keyboard.press('KeyN')
    expect(await page.locator('#lab').isVisible()).toBe(false)
    await page.locator('#lab-open').focus()
    await page.keyboard.press('Enter')
    expect(await focus()).toBe('lab-close')
  })

  test.runIf(isLongRun)(
    'a server that is away, and one that was started anew, are told; one press plays on',
    async () => {
      player = await Player.arrive(browser, server.url, 'Ada')
      const { page } = player
      const { port } = server
      await server.end('SIGTERM')
      await page.locator('#away').waitFor()
      expect(await page.locator('#status').innerText()).toBe('Reconnecting…')
      expect(await page.locator('#away').innerText()).toMatch(/^The server cannot be reached\s+You are off the field/)
      server = await ServerProcess.start(folder, { FIGHTERS: '1', PORT: port })
      await page
        .locator('#retry')
        .click({ timeout: 3_000 })
        .catch(() => {})
      await page.locator('#start').waitFor()
      expect(await page.locator('#start-trouble').innerText()).toMatch(/^This game is over: .* was started anew\.$/)
      await page.keyboard.press('Enter')
      await page.locator('body.playing').waitFor()
      await expect.poll(() => page.locator('#scores .own').innerText()).toMatch(/^Ada/)
      await player.reaction('KeyA')
    },
  )
})

declare const arena: { fighters(): { own: boolean; x: number }[] }
