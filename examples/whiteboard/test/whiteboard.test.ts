import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FaultProxy } from '@junto/testing'
import type { Browser } from 'playwright-core'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeInBrowser, launchBrowser } from '../../stage/test/browser.ts'
import { buildPage, ServerProcess } from '../../stage/test/server-process.ts'
import { Visitor } from './visitor.ts'
import type { Point } from '../board.ts'

const folder = join(import.meta.dirname, '..')

describeInBrowser('the whiteboard', () => {
  let browser: Browser
  let data: string
  let server: ServerProcess
  let visitors: Visitor[] = []
  let boards = 0

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'whiteboard-'))
    await buildPage(folder)
    ;[browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(folder, { DATA: data })])
    return async () => {
      await browser.close()
      expect(await server.end('SIGTERM')).toBe(0)
      await rm(data, { recursive: true })
    }
  })

  afterEach(async () => {
    await Promise.all(visitors.map((visitor) => visitor.leave()))
    visitors = []
    expect(server.complaints).toEqual([])
  })

  const newBoard = (): string => `${server.url}/b/board-${(boards += 1)}`

  async function arrive(
    address: string,
    name: string,
    options?: Parameters<typeof Visitor.arrive>[3],
  ): Promise<Visitor> {
    const visitor = await Visitor.arrive(browser, address, name, options)
    visitors.push(visitor)
    return visitor
  }

  test('what one draws the other sees growing; a third who comes late sees the same', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await ada.move([200, 200])
    await ada.page.mouse.down()
    await ada.move([500, 400])
    await grace.sees([350, 300], 'ink')
    await ada.move([800, 200])
    await ada.page.mouse.up()
    // Two who cross each other: what was finished later lies above, for all.
    await grace.page.getByRole('button', { name: /^Red \(/ }).click()
    await grace.page.getByRole('button', { name: /^Bold/ }).click()
    await grace.move([300, 150])
    await grace.page.mouse.down()
    await grace.move([400, 450])
    await ada.page.getByRole('button', { name: /^Blue/ }).click()
    await ada.draw([250, 400], [600, 250])
    await grace.move([420, 500])
    await grace.page.mouse.up()
    await ada.sees([420, 500], 'ink')
    await ada.seesTheSameAs(grace)
    const late = await arrive(board, 'Edsger')
    await late.seesTheSameAs(ada, grace)
    const phone = await arrive(board, 'Barbara', { viewport: { width: 400, height: 800 }, deviceScaleFactor: 2 })
    await phone.sees([350, 300], 'ink')
    await phone.sees([420, 500], 'ink')
  })

  test('150 ms from the server: what one does shows in the same frame and does not flicker, and undo takes back one’s own', async () => {
    const board = newBoard()
    await using proxy = await FaultProxy.listen({ port: Number(server.port), latency: 50, jitter: 50 })
    const far = board.replace(server.url, proxy.url.replace('ws', 'http'))
    const [ada, grace] = [await arrive(far, 'Ada'), await arrive(board, 'Grace')]
    const [undo, redo] = ['Undo', 'Redo'].map((name) => ada.page.getByRole('button', { name: new RegExp(`^${name} `) }))
    expect([await undo?.getAttribute('aria-disabled'), await redo?.getAttribute('aria-disabled')]).toEqual([
      'true',
      'true',
    ])
    const shown = await ada.watchInk([500, 400])
    const [from, to] = [await ada.inWindow([400, 400]), await ada.inWindow([600, 400])]
    const ink = await ada.page.evaluate(
      ({ from, to }) =>
        new Promise<number>((resolve) => {
          const surface = document.querySelector<HTMLCanvasElement>('#wet')
          const say = (type: string, at: { x: number; y: number }): void => {
            const pointer = { pointerId: 7, button: 0, buttons: 1, bubbles: true, isPrimary: true }
            surface?.dispatchEvent(new PointerEvent(type, { ...pointer, clientX: at.x, clientY: at.y }))
          }
          requestAnimationFrame(() => {
            say('pointerdown', from)
            // Asked for after the page did: this runs in the same frame, after the page has painted.
            requestAnimationFrame(() => {
              say('pointermove', to)
              requestAnimationFrame(() => {
                const x = Math.round(((from.x + to.x) / 2) * devicePixelRatio)
                resolve(
                  surface?.getContext('2d')?.getImageData(x, Math.round(to.y * devicePixelRatio), 1, 1).data[3] ?? 0,
                )
                say('pointerup', to)
              })
            })
          })
        }),
      { from, to },
    )
    expect(ink).toBeGreaterThan(200)
    await grace.sees([500, 400], 'ink')
    // One's own only, while somebody else draws.
    await grace.move([200, 600])
    await grace.page.mouse.down()
    await grace.move([600, 600])
    await ada.sees([400, 600], 'ink')
    await ada.page.keyboard.press('Control+z')
    await ada.frame()
    expect(await ada.inkAt([500, 400])).toBe(0)
    await grace.sees([500, 400], 'nothing')
    await grace.move([800, 600])
    await grace.page.mouse.up()
    expect([await undo?.getAttribute('aria-disabled'), await redo?.getAttribute('aria-disabled')]).toEqual([
      'true',
      'false',
    ])
    await ada.page.keyboard.press('Control+Shift+z')
    await grace.sees([500, 400], 'ink')
    // One drag of the eraser, whoever has drawn it, is one step.
    await ada.page.keyboard.press('e')
    await ada.draw([500, 350], [500, 650])
    await ada.frame()
    expect([await ada.inkAt([450, 400]), await ada.inkAt([300, 600])]).toEqual([0, 0])
    await grace.sees([450, 400], 'nothing')
    await grace.sees([300, 600], 'nothing')
    await undo?.click()
    await grace.sees([450, 400], 'ink')
    await grace.sees([300, 600], 'ink')
    await ada.seesTheSameAs(grace)
    expect(await shown()).toEqual(['ink', 'nothing', 'ink', 'nothing', 'ink'])
    // What somebody else has done since stays done.
    await grace.page.keyboard.press('e')
    await grace.draw([450, 350], [450, 450])
    await ada.sees([450, 400], 'nothing')
    await undo?.click()
    await ada.page.getByText('Somebody has changed that since.').waitFor()
    await ada.seesTheSameAs(grace)
  })

  test('others’ cursors move with their names, and leave with them', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await grace.page.locator('.people .count', { hasText: '2' }).waitFor()
    for (const place of [
      [300, 300],
      [1200, 700],
    ] as const) {
      await ada.move(place)
      const { x, y } = await grace.inWindow(place)
      await grace.until(
        () => grace.cursorOf(ada).boundingBox(),
        (box) => box !== null && Math.hypot(box.x - x, box.y - y) < 6,
        `Ada's cursor should come to rest at ${x}, ${y}`,
      )
    }
    expect(await grace.cursorOf(ada).textContent()).toBe('Ada')
    await ada.page.mouse.move(5, 5)
    await grace.cursorOf(ada).waitFor({ state: 'detached' })
    await ada.move([300, 300])
    await grace.cursorOf(ada).waitFor()
    await ada.leave()
    await grace.page.locator('.cursor').waitFor({ state: 'detached' })
    await grace.page.locator('.people .count', { hasText: '1' }).waitFor()
  })

  test('clearing asks the others: a no keeps the board, a yes clears it', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await ada.draw([300, 300], [600, 300])
    await grace.sees([450, 300], 'ink')
    await ada.page.getByRole('button', { name: 'Clear the board' }).click()
    await grace.page.getByText('Ada would like to clear the board.').waitFor()
    await grace.page.getByRole('button', { name: 'Keep it' }).click()
    await ada.page.getByText('Grace would like to keep the board as it is.').waitFor()
    await ada.sees([450, 300], 'ink')
    await ada.page.getByRole('button', { name: 'Clear the board' }).click()
    await grace.page.getByText('Ada would like to clear the board.').waitFor()
    await ada.page.getByRole('button', { name: 'Cancel' }).click()
    await grace.page.getByText('Ada would like to clear the board.').waitFor({ state: 'hidden' })
    await ada.page.getByRole('button', { name: 'Clear the board' }).click()
    await grace.page.getByRole('button', { name: 'Clear it' }).click()
    await ada.sees([450, 300], 'nothing')
    await grace.sees([450, 300], 'nothing')
    await grace.page.getByText('Ada has cleared the board.').waitFor()
    // As a whole, and by who has cleared it.
    await ada.page.keyboard.press('Control+z')
    await grace.sees([450, 300], 'ink')
    await grace.seesTheSameAs(ada)
  })

  test('who looks elsewhere does not block clearing, nor who begins to while being asked', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await grace.hide(true)
    await ada.page.locator('#people .asleep').waitFor()
    await ada.draw([300, 300], [600, 300])
    await ada.sees([450, 300], 'ink')
    await ada.page.getByRole('button', { name: 'Clear the board' }).click()
    await ada.sees([450, 300], 'nothing')
    await grace.hide(false)
    await ada.page.locator('#people .asleep').waitFor({ state: 'detached' })
    await ada.draw([300, 300], [600, 300])
    await grace.sees([450, 300], 'ink')
    await ada.page.getByRole('button', { name: 'Clear the board' }).click()
    await grace.page.getByText('Ada would like to clear the board.').waitFor()
    await grace.hide(true)
    await ada.sees([450, 300], 'nothing')
    expect(await grace.page.getByText('Ada would like to clear the board.').isVisible()).toBe(false)
  })

  test('drawing by touch; two fingers zoom and draw nothing', async () => {
    const board = newBoard()
    const grace = await arrive(board, 'Grace')
    const ada = await arrive(board, 'Ada', { viewport: { width: 420, height: 800 }, hasTouch: true, isMobile: true })
    const devtools = await ada.page.context().newCDPSession(ada.page)
    const touch = async (
      type: 'touchStart' | 'touchMove' | 'touchEnd',
      ...at: { x: number; y: number }[]
    ): Promise<void> => {
      await devtools.send('Input.dispatchTouchEvent', { type, touchPoints: at.map((place, id) => ({ ...place, id })) })
    }
    const [from, middle, to] = [
      await ada.inWindow([300, 300]),
      await ada.inWindow([700, 500]),
      await ada.inWindow([1100, 300]),
    ]
    await touch('touchStart', from)
    for (const part of [0.25, 0.5, 0.75, 1]) {
      await touch('touchMove', { x: from.x + (middle.x - from.x) * part, y: from.y + (middle.y - from.y) * part })
    }
    await touch('touchMove', to)
    await touch('touchEnd')
    await grace.sees([450, 375], 'ink')
    await grace.sees([1099, 301], 'ink')
    const before = await grace.picture()
    const sheetWidth = async (): Promise<number> => (await ada.page.locator('#sheet').boundingBox())?.width ?? 0
    const width = await sheetWidth()
    await touch('touchStart', middle)
    await touch('touchStart', middle, to)
    await touch('touchMove', middle, { x: to.x + 60, y: to.y - 60 })
    await ada.until(sheetWidth, (now) => now > width, 'the sheet should grow')
    await touch('touchEnd')
    await grace.until(
      () => grace.picture(),
      ({ hash }) => hash === before.hash,
      'the board should be as before',
    )
  })

  test('drawing by keyboard, with everything in reach of the tab key', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await ada.page.keyboard.press('Tab')
    expect(await ada.page.evaluate(() => document.activeElement?.id)).toBe('wet')
    await ada.page.keyboard.press('5')
    await ada.page.keyboard.press('ArrowRight')
    expect(await ada.page.locator('#crosshair').isVisible()).toBe(true)
    // Where it is asked for: held down for long, as on a machine that stalls, a key moves the crosshair further.
    const from = await ada.crosshair()
    await ada.page.keyboard.down(' ')
    for (let i = 0; i < 10; i += 1) await ada.page.keyboard.press('ArrowRight')
    await ada.page.keyboard.up(' ')
    const corner = await ada.crosshair()
    expect(corner[0] - from[0]).toBeGreaterThanOrEqual(99)
    await grace.sees(between(from, corner), 'ink')
    await ada.page.keyboard.press('Enter')
    for (let i = 0; i < 5; i += 1) await ada.page.keyboard.press('ArrowDown')
    await ada.page.keyboard.press('Enter')
    const end = await ada.crosshair()
    for (let i = 0; i < 3; i += 1) await ada.page.keyboard.press('ArrowDown')
    await grace.sees(between(corner, end), 'ink')
    expect(await ada.inkAt(await ada.crosshair())).toBe(0)
    const names = await ada.page
      .locator('#board button:visible')
      .evaluateAll((buttons) =>
        buttons.map((button) => button.getAttribute('aria-label') ?? button.textContent?.trim() ?? ''),
      )
    expect(names.filter((name) => name === '')).toEqual([])
  })

  test('a name is asked once, and a board is made from the start page', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(server.url)
    await page.getByLabel('Name of the board').fill('Trip to Rome!')
    await page.getByRole('button', { name: 'New board' }).click()
    await page.waitForURL('**/b/trip-to-rome')
    expect(await page.getByLabel('Your name').inputValue()).toMatch(/^\w+ \w+$/)
    await page.getByLabel('Your name').fill('Lin Clark')
    await page.keyboard.press('Enter')
    await page.locator('.avatar', { hasText: 'LC' }).first().waitFor()
    expect(await page.getByRole('heading', { level: 1, name: 'Trip to Rome' }).isVisible()).toBe(true)
    await page.reload()
    await page.locator('.avatar', { hasText: 'LC' }).first().waitFor()
    expect(await page.getByLabel('Your name').isVisible()).toBe(false)
    await context.close()
  })

  test('a server that is killed: the pages say so, draw on, and come back by themselves with every stroke', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await ada.draw([200, 200], [600, 200])
    await grace.draw([200, 300], [600, 300])
    await ada.sees([400, 300], 'ink')
    // Not saved yet: the pages know better than the store.
    await server.end('SIGKILL')
    await Promise.all([ada.stands('away'), grace.stands('away')])
    await ada.page.getByText('The server is away.').waitFor()
    await ada.draw([200, 400], [600, 400])
    await ada.page.getByText(/strokes? (is|are) kept here and sent when it is back/).waitFor()
    const pending = await ada.inkAt([400, 400])
    expect(pending).toBeGreaterThan(50)
    expect(pending).toBeLessThan(200)
    // In the middle of a stroke when it comes back.
    await ada.move([200, 500])
    await ada.page.mouse.down()
    await ada.move([400, 500])
    server = await ServerProcess.start(folder, { DATA: data, PORT: server.port })
    await Promise.all([ada.stands('connected'), grace.stands('connected')])
    await ada.move([600, 500])
    await ada.page.mouse.up()
    for (const y of [200, 300, 400, 500]) {
      await ada.sees([400, y], 'ink')
      await grace.sees([400, y], 'ink')
    }
    await grace.sees([590, 500], 'ink')
    await ada.seesTheSameAs(grace)
    expect(await ada.page.getByText('The server is away.').isVisible()).toBe(false)
  })

  test('a server that is stopped saves the boards, and they are there after the restart', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await ada.draw([200, 200], [600, 200])
    await ada.sees([590, 200], 'ink')
    // What another one sees has arrived.
    await grace.seesTheSameAs(ada)
    const before = await grace.picture()
    // Gone before the server comes back: what they hold does not help it.
    expect(await server.end('SIGTERM')).toBe(0)
    await Promise.all([ada.leave(), grace.leave()])
    server = await ServerProcess.start(folder, { DATA: data, PORT: server.port })
    const later = await arrive(board, 'Edsger')
    await later.until(
      () => later.picture(),
      ({ hash }) => hash === before.hash,
      'the board should be as before',
    )
  })

  test('a board that is full says so', async () => {
    const small = await ServerProcess.start(folder, { DATA: join(data, 'small'), MAX_STROKES: '2' })
    try {
      const ada = await arrive(`${small.url}/b/small`, 'Ada')
      await ada.draw([200, 200], [600, 200])
      await ada.draw([200, 300], [600, 300])
      await ada.draw([200, 400], [600, 400])
      await ada.page.getByText('This board is full: it holds 2 strokes.').waitFor()
      await ada.sees([400, 400], 'nothing')
      await ada.sees([400, 200], 'ink')
    } finally {
      await small.end('SIGTERM')
    }
  })
})

function between([x1, y1]: Point, [x2, y2]: Point): Point {
  return [(x1 + x2) / 2, (y1 + y2) / 2]
}
