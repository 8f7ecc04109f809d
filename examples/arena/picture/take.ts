// Takes the README's picture: somebody plays against bots until enough of them are in sight. The font is Inter, where it is installed.
import { join } from 'node:path'
import { launchBrowser } from '../../stage/test/browser.ts'
import { ServerProcess } from '../../stage/test/server-process.ts'
import { Player } from '../test/player.ts'

const folder = join(import.meta.dirname, '..')
const target = process.argv[2] ?? join(import.meta.dirname, '../../../docs/images/arena.png')

const [browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(folder, { FIGHTERS: '8' })])
try {
  const ada = await Player.arrive(browser, server.url, 'Ada', {
    viewport: { width: 1280, height: 800 },
    deviceScaleFactor: 1.5,
  })
  const { page } = ada
  await ada.set('latency', 75)
  await ada.set('jitter', 40)
  await ada.turn('ghosts', true)
  // Fires at the nearest, and walks about in the middle, for a while.
  await page.keyboard.down('KeyF')
  for (const key of ['KeyD', 'KeyS', 'KeyA', 'KeyW', 'KeyD', 'KeyS'] as const) {
    await page.keyboard.down(key)
    await page.waitForTimeout(1_500)
    await page.keyboard.up(key)
  }
  await page.keyboard.down('KeyA')
  await page.waitForFunction(
    () => {
      const all = arena.fighters()
      const own = all.find((each) => each.own)
      if (own === undefined || own.hp === 0) return false
      const near = all.filter(
        (each) => !each.own && each.hp > 0 && Math.abs(each.x - own.x) < 420 && Math.abs(each.y - own.y) < 300,
      )
      return near.length >= 3 && own.x > 450 && own.x < 1150
    },
    undefined,
    { timeout: 120_000, polling: 40 },
  )
  await page.screenshot({ path: target })
} finally {
  await browser.close()
  await server.end('SIGTERM')
}

declare const arena: { fighters(): { own: boolean; x: number; y: number; hp: number }[] }
