import { join } from 'node:path'
import { FaultProxy } from '@junto/testing'
import type { Browser } from 'playwright-core'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeInBrowser, launchBrowser } from '../../stage/test/browser.ts'
import { buildPage, ServerProcess } from '../../stage/test/server-process.ts'
import { Player } from './player.ts'

const folder = join(import.meta.dirname, '..')

describeInBrowser('the arena, 150 ms from its server', () => {
  let browser: Browser
  /** One with bots, and one without. */
  let servers: readonly ServerProcess[]
  let proxies: readonly FaultProxy[]
  let players: Player[] = []

  beforeAll(async () => {
    await buildPage(folder)
    const starting = ['7', '1'].map((FIGHTERS) => ServerProcess.start(folder, { FIGHTERS }))
    ;[browser, servers] = await Promise.all([launchBrowser(), Promise.all(starting)])
    proxies = await Promise.all(servers.map(({ port }) => FaultProxy.listen({ port: Number(port), latency: 75 })))
    return async () => {
      await browser.close()
      await Promise.all(proxies.map((proxy) => proxy.close()))
      expect(await Promise.all(servers.map((server) => server.end('SIGTERM')))).toEqual([0, 0])
    }
  })

  afterEach(async () => {
    const faults = players.flatMap((player) => player.faults)
    await Promise.all(players.map((player) => player.leave()))
    players = []
    expect([...faults, ...servers.flatMap(({ complaints }) => complaints)]).toEqual([])
  })

  async function arrive(name: string, among: 'bots' | 'nobody', options: Parameters<typeof Player.arrive>[3] = {}) {
    const proxy = proxies[among === 'bots' ? 0 : 1]
    const player = await Player.arrive(browser, proxy?.url.replace('ws', 'http') ?? '', name, options)
    players.push(player)
    return player
  }

  test('one’s own fighter does at once what one does, or a round trip later without prediction', async () => {
    const ada = await arrive('Ada', 'nobody')
    const roundTrip = async (): Promise<number> => Number.parseInt(await ada.figure('Round trip'))
    await expect.poll(roundTrip, { timeout: 15_000 }).toBeGreaterThan(149)
    expect((await ada.reaction('KeyD')).frames).toBeLessThan(4)
    await ada.turn('prediction', false)
    expect((await ada.reaction('KeyA')).ms).toBeGreaterThan(150)
    await ada.turn('prediction', true)
    // The sliders make the line worse, in the page itself.
    await ada.set('latency', 100)
    await ada.set('jitter', 50)
    await expect.poll(roundTrip, { timeout: 15_000 }).toBeGreaterThan(349)
    expect((await ada.reaction('KeyD')).frames).toBeLessThan(4)
    expect(await ada.figure('Down')).toMatch(/^[\d.]+ kB\/s$/)
  })

  test('others are drawn between patches, and shots judged by that; each of it can be turned off', async () => {
    const bo = await arrive('Bo', 'bots')
    expect(await bo.between(40)).toBeGreaterThan(0.3)
    await bo.turn('interpolation', false)
    expect(await bo.between(40)).toBeLessThan(0.05)
    await bo.turn('interpolation', true)
    await bo.page.keyboard.down('KeyF')
    await expect.poll(() => bo.figure('Rewound'), { timeout: 20_000 }).toMatch(/^[1-5]\d\d ms$/)
    await bo.turn('rewind', false)
    await expect.poll(() => bo.figure('Rewound'), { timeout: 20_000 }).toBe('off')
  })

  test('on a phone it is played by two thumbs, and all of it is within the window', async () => {
    const cy = await arrive('Cy', 'nobody', { viewport: { width: 360, height: 640 }, hasTouch: true })
    const outside = await cy.page.evaluate(() =>
      [...document.querySelectorAll('#hud .panel, #hud .vitals, #hud button')]
        .filter((each) => each.checkVisibility())
        .filter((each) => {
          const { left, right, top, bottom } = each.getBoundingClientRect()
          return left < 0 || right > innerWidth || top < 0 || bottom > innerHeight
        })
        .map((each) => each.id),
    )
    expect(outside).toEqual([])
    const finger = await cy.page.context().newCDPSession(cy.page)
    const touch = (type: 'touchStart' | 'touchMove', ...points: [x: number, y: number][]) =>
      finger.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) })
    const place = () => cy.page.evaluate(() => arena.fighters().find(({ own }) => own))
    const before = await place()
    await touch('touchStart', [90, 500])
    await touch('touchMove', [130, 470])
    await touch('touchStart', [130, 470], [280, 500])
    await touch('touchMove', [130, 470], [280, 440])
    await expect.poll(async () => (await place())?.shots).not.toBe(before?.shots)
    const after = await place()
    expect(Math.hypot((after?.x ?? 0) - (before?.x ?? 0), (after?.y ?? 0) - (before?.y ?? 0))).toBeGreaterThan(1)
  })
})

declare const arena: { fighters(): { own: boolean; x: number; y: number; shots: number }[] }
