import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeInBrowser, Desk, isLongRun, launchBrowser } from '../../stage/test/browser.ts'
import { buildPage, ServerProcess } from '../../stage/test/server-process.ts'
import { Visitor } from './visitor.ts'

const folder = join(import.meta.dirname, '..')

// Shorter than the defaults, so that nobody waits long, and long enough for a machine that stalls.
const limits = { heartbeat: 2_500, activeHeartbeat: 2_000, pongTimeout: 2_000 }
/** After so long without a sign of life, the server gives a page up: ms. */
const patience = limits.heartbeat + limits.pongTimeout

describeInBrowser('the whiteboard and its connection', () => {
  let browser: Browser
  let desk: Desk
  let data: string
  let server: ServerProcess
  let visitors: Visitor[] = []
  let boards = 0

  const start = (port?: string): Promise<ServerProcess> =>
    ServerProcess.start(folder, {
      DATA: data,
      LIMITS: JSON.stringify(limits),
      ...(port === undefined ? {} : { PORT: port }),
    })

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'whiteboard-'))
    await buildPage(folder)
    ;[browser, desk, server] = await Promise.all([launchBrowser(), Desk.open(), start()])
    return async () => {
      await Promise.all([browser.close(), desk.close()])
      expect(await server.end('SIGTERM')).toBe(0)
      await rm(data, { recursive: true })
    }
  })

  afterEach(async () => {
    await Promise.all(visitors.map((visitor) => visitor.leave()))
    visitors = []
    expect(server.complaints).toEqual([])
  })

  const newBoard = (): string => `${server.url}/b/connection-${(boards += 1)}`

  async function arrive(address: string, name: string): Promise<Visitor> {
    const visitor = await Visitor.arrive(browser, address, name)
    visitors.push(visitor)
    return visitor
  }

  async function arriveAtDesk(address: string, name: string): Promise<Visitor> {
    const visitor = await Visitor.arriveAt(desk.context, address, name)
    visitors.push(visitor)
    return visitor
  }

  test('offline and online again: both say so, draw on, and see the same', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    const said = await ada.watchStanding()
    await ada.draw([200, 200], [600, 200])
    await grace.sees([400, 200], 'ink')
    await ada.page.context().setOffline(true)
    await ada.says('Offline')
    await ada.page.getByText('You are offline.').waitFor()
    // Those who stay see who is not there, and that they are themselves.
    await grace.lostOthers.waitFor()
    expect(await grace.page.locator('#people .count').textContent()).toBe('2')
    await grace.says('Live')
    await ada.draw([200, 300], [600, 300])
    // Taken back before anybody has seen it.
    await ada.draw([200, 350], [600, 350])
    await ada.page.keyboard.press('Control+z')
    await ada.sees([400, 350], 'nothing')
    // The first may have been on its way, too.
    await ada.page.getByText(/^[1-3] strokes? (is|are) kept here and sent when you are back/).waitFor()
    await grace.draw([200, 400], [600, 400])
    await ada.page.context().setOffline(false)
    await ada.says('Live')
    await grace.lostOthers.waitFor({ state: 'detached' })
    await grace.sees([400, 300], 'ink')
    await ada.sees([400, 400], 'ink')
    await ada.seesTheSameAs(grace)
    expect(await grace.inkAt([400, 350])).toBe(0)
    expect(await ada.page.getByText('You are offline.').isVisible()).toBe(false)
    const { states } = await said()
    expect(states[0]).toBe('away')
    expect(states.at(-1)).toBe('connected')
  })

  test.runIf(isLongRun)('a short loss: the cursor waits where it was, and goes on from there', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await ada.move([300, 300])
    await grace.cursorOf(ada).waitFor()
    const cursors = await grace.watchCursors()
    await ada.page.context().setOffline(true)
    await ada.says('Offline')
    await ada.move([900, 500])
    await ada.page.context().setOffline(false)
    await ada.says('Live')
    const { x, y } = await grace.inWindow([900, 500])
    await grace.until(
      () => grace.cursorOf(ada).boundingBox(),
      (box) => box !== null && Math.hypot(box.x - x, box.y - y) < 6,
      'Ada was here while nobody could see it, and is seen there now',
    )
    expect(await cursors()).toEqual({ vanished: 0, appeared: 0 })
  })

  test('a server that stands still: the pages wonder, then say so, and go on with it', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    await ada.draw([200, 200], [600, 200])
    await grace.sees([400, 200], 'ink')
    const said = [await ada.watchStanding(), await grace.watchStanding()]
    server.stall(true)
    try {
      await Promise.all([ada.draw([200, 300], [600, 300]), grace.draw([200, 400], [600, 400])])
      await Promise.all([ada.stands('away'), grace.stands('away')])
      await ada.page.getByText('The server is away.').waitFor()
      await ada.draw([200, 500], [600, 500])
    } finally {
      server.stall(false)
    }
    await Promise.all([ada.says('Live'), grace.says('Live')])
    for (const y of [200, 300, 400, 500]) {
      await ada.sees([400, y], 'ink')
      await grace.sees([400, y], 'ink')
    }
    await ada.seesTheSameAs(grace)
    await ada.lostOthers.waitFor({ state: 'detached' })
    for (const { states, words } of await Promise.all(said.map((each) => each()))) {
      expect(words[0]).toBe('Waiting for the server…')
      expect(states[0]).toBe('away')
      expect(states.at(-1)).toBe('connected')
    }
  })

  test('a server that is restarted: the pages say so, and come back with what was drawn meanwhile', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arrive(board, 'Grace')]
    const said = [await ada.watchStanding(), await grace.watchStanding()]
    await ada.draw([200, 200], [600, 200])
    await grace.sees([400, 200], 'ink')
    const present = await ada.page.locator('#people .avatar').count()
    expect(await server.end('SIGTERM')).toBe(0)
    await Promise.all([ada.stands('away'), grace.stands('away')])
    await ada.says(/^Reconnecting/)
    await Promise.all([ada.draw([200, 300], [600, 300]), grace.draw([200, 400], [600, 400])])
    server = await start(server.port)
    await Promise.all([ada.says('Live'), grace.says('Live')])
    for (const y of [200, 300, 400]) {
      await ada.sees([400, y], 'ink')
      await grace.sees([400, y], 'ink')
    }
    await ada.seesTheSameAs(grace)
    // Both have their seats again: nobody has come anew, and nobody of before is still awaited.
    expect(await ada.page.locator('#people .avatar').count()).toBe(present)
    expect(await ada.page.locator('#people .avatar.away').count()).toBe(0)
    for (const { states } of await Promise.all(said.map((each) => each()))) {
      expect(states[0]).toBe('away')
      expect(states.at(-1)).toBe('connected')
    }
  })

  test('a hidden page stays connected though its timers are slowed down', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arriveAtDesk(board, 'Grace')]
    const said = await grace.watchStanding()
    const waits = await timerWaits(grace)
    const cover = await desk.context.newPage()
    await cover.bringToFront()
    expect(await grace.page.evaluate(() => document.visibilityState)).toBe('hidden')
    await ada.page.locator('#people .asleep').waitFor()
    // Something goes on, then nothing, for longer than the server waits for a sign of life, and the page for more.
    await ada.draw([200, 300], [600, 300])
    await waits.hidden(patience + limits.activeHeartbeat)
    const throttled = await waits.all()
    expect(throttled.length).toBeGreaterThan(3)
    // A timer of 50 ms. Hidden pages have theirs at whole seconds, so that behind a late one the next may be early.
    expect(throttled.reduce((sum, wait) => sum + wait, 0) / throttled.length).toBeGreaterThan(700)
    expect((await said()).states).toEqual([])
    expect(await ada.lostOthers.count()).toBe(0)
    await cover.close()
    await grace.page.bringToFront()
    await ada.seesTheSameAs(grace)
    expect((await said()).states).toEqual([])
  })

  test('a page that is frozen, or kept for the way back, is away meanwhile, and goes on where it was', async () => {
    const board = newBoard()
    const [ada, grace] = [await arrive(board, 'Ada'), await arriveAtDesk(board, 'Grace')]
    const cover = await desk.context.newPage()
    await cover.bringToFront()
    await ada.page.locator('#people .asleep').waitFor()
    const devtools = await grace.devtools()
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await ada.lostOthers.waitFor()
    await ada.draw([200, 200], [600, 200])
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await cover.close()
    await grace.page.bringToFront()
    await grace.says('Live')
    await ada.lostOthers.waitFor({ state: 'detached' })
    await ada.seesTheSameAs(grace)

    // No page that is loaded again has that.
    await grace.page.evaluate(() => Object.assign(window, { kept: true }))
    await grace.page.goto(server.url)
    await ada.lostOthers.waitFor()
    await ada.draw([200, 300], [600, 300])
    await grace.page.goBack({ waitUntil: 'commit' })
    await grace.says('Live')
    expect(await grace.page.evaluate(() => 'kept' in window)).toBe(true)
    await ada.lostOthers.waitFor({ state: 'detached' })
    await grace.draw([200, 400], [600, 400])
    await grace.sees([400, 400], 'ink')
    await ada.seesTheSameAs(grace)
    expect(await ada.page.locator('#people .count').textContent()).toBe('2')
  })
})

/** Measures in the page how long a timer of 50 ms takes while the page is hidden. */
async function timerWaits({ page }: Visitor): Promise<{
  /** Waits until the page was hidden for so many ms. */
  hidden(ms: number): Promise<void>
  all(): Promise<number[]>
}> {
  await page.evaluate(() => {
    const waits: number[] = []
    Object.assign(window, { waits })
    let hiddenBefore = false
    let last = performance.now()
    // oxlint-disable-next-line no-restricted-globals -- in the page: how timers fare there is what is measured
    setInterval(() => {
      const now = performance.now()
      if (hiddenBefore && document.hidden) waits.push(now - last)
      hiddenBefore = document.hidden
      last = now
    }, 50)
  })
  const all = (): Promise<number[]> => page.evaluate(() => (window as unknown as { waits: number[] }).waits)
  return {
    all,
    async hidden(ms) {
      const before = (await all()).length
      const passed = async (): Promise<number> => (await all()).slice(before).reduce((sum, wait) => sum + wait, 0)
      await expect.poll(passed, { timeout: 4 * ms + 10_000, interval: 200 }).toBeGreaterThanOrEqual(ms)
    },
  }
}
