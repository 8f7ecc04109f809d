// Takes the README's picture: people draw on a real board, and one of them has a camera. The font is Inter, where it is installed.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchBrowser } from '../../stage/test/browser.ts'
import { ServerProcess } from '../../stage/test/server-process.ts'
import { Visitor } from '../test/visitor.ts'
import { plan, sky, type Gesture } from './drawing.ts'

const folder = join(import.meta.dirname, '..')

const target = process.argv[2] ?? join(import.meta.dirname, '../../../docs/images/whiteboard.png')

async function draw({ page }: Visitor, gestures: readonly Gesture[]): Promise<void> {
  const sheet = await page.locator('#sheet').boundingBox()
  if (sheet === null) return
  const scale = sheet.width / 1600
  for (const { ink, width, way } of gestures) {
    await page.locator('.ink').nth(ink).click()
    await page.locator('.width').nth(width).click()
    for (const [index, [x, y]] of way.entries()) {
      await page.mouse.move(sheet.x + x * scale, sheet.y + y * scale)
      if (index === 0) await page.mouse.down()
    }
    await page.mouse.up()
  }
}

const data = await mkdtemp(join(tmpdir(), 'whiteboard-'))
const [browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(folder, { DATA: data })])
try {
  const board = `${server.url}/b/launch-day`
  const size = { viewport: { width: 1280, height: 820 } }
  const ada = await Visitor.arrive(browser, board, 'Ada Lovelace', { ...size, deviceScaleFactor: 1.5 })
  const grace = await Visitor.arrive(browser, board, 'Grace Hopper', size)
  const katherine = await Visitor.arrive(browser, board, 'Katherine Johnson', size)
  await Promise.all([draw(ada, plan()), draw(grace, sky())])
  await grace.move([1470, 770])
  await katherine.move([660, 330], [668, 352])
  await katherine.seesTheSameAs(grace)
  await ada.page.mouse.move(640, 790)
  await ada.page.locator('.ink').nth(5).click()
  await ada.cursorOf(grace).waitFor()
  await ada.cursorOf(katherine).waitFor()
  // What is still gliding comes to rest.
  await ada.page.waitForFunction(() => document.getAnimations().length === 0)
  await ada.page.screenshot({ path: target })
} finally {
  await browser.close()
  await server.end('SIGTERM')
  await rm(data, { recursive: true })
}
