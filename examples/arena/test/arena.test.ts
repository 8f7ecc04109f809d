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
  let server: ServerProcess
  let proxy: FaultProxy
  let players: Player[] = []

  beforeAll(async () => {
    await buildPage(folder)
    ;[browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(folder, { FIGHTERS: '7' })])
    proxy = await FaultProxy.listen({ port: Number(server.port), latency: 75 })
    return async () => {
      await browser.close()
      await proxy.close()
      expect(await server.end('SIGTERM')).toBe(0)
    }
  })

  afterEach(async () => {
    const faults = players.flatMap((player) => player.faults)
    await Promise.all(players.map((player) => player.leave()))
    players = []
    expect([...faults, ...server.complaints]).toEqual([])
  })

  async function arrive(name: string, options: Parameters<typeof Player.arrive>[3] = {}) {
    const player = await Player.arrive(browser, proxy.url.replace('ws', 'http'), name, options)
    players.push(player)
    return player
  }

  test('feels local with everything on, and shows what each part is good for when it is off', async () => {
    const ada = await arrive('Ada')
    await expect.poll(() => ada.figure('Round trip')).toMatch(/^1[5-9]\d ms$/)

    // Prediction: at once, or a round trip and a patch later.
    expect(await ada.reaction('KeyD')).toBeLessThan(110)
    await ada.turn('prediction', false)
    expect(await ada.reaction('KeyA')).toBeGreaterThan(150)
    await ada.turn('prediction', true)

    // Interpolation: in each frame, or when a patch comes.
    const smooth = await ada.watchOthers(1_500)
    await ada.turn('interpolation', false)
    const jumping = await ada.watchOthers(1_500)
    await ada.turn('interpolation', true)
    expect(smooth.moved / smooth.frames).toBeGreaterThan(0.8)
    expect(jumping.moved / jumping.frames).toBeLessThan(smooth.moved / smooth.frames - 0.15)

    // Rewind: by what the page showed, or by where they are now.
    await ada.page.keyboard.down('KeyF')
    await expect.poll(() => ada.figure('Rewound'), { timeout: 20_000 }).toMatch(/^[1-4]\d\d ms$/)
    await ada.turn('rewind', false)
    await expect.poll(() => ada.figure('Rewound'), { timeout: 20_000 }).toBe('off')
  })

  test('the sliders make the line worse, in the page itself', async () => {
    const bo = await arrive('Bo')
    await bo.set('latency', 100)
    await bo.set('jitter', 50)
    await expect.poll(async () => Number.parseInt(await bo.figure('Round trip'))).toBeGreaterThan(320)
    expect(await bo.reaction('KeyD')).toBeLessThan(110)
    expect(await bo.figure('Down')).toMatch(/^[\d.]+ kB\/s$/)
  })

  test('on a phone it is played by two thumbs, and all of it is within the window', async () => {
    const cy = await arrive('Cy', { viewport: { width: 360, height: 640 }, hasTouch: true })
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
