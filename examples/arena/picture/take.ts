// Takes the README's picture: somebody plays against bots until enough of them are in sight. The font is Inter, where it is installed.
import { join } from 'node:path'
import { launchBrowser } from '../../stage/test/browser.ts'
import { ServerProcess } from '../../stage/test/server-process.ts'
import { Player } from '../test/player.ts'

const folder = join(import.meta.dirname, '..')
const target = process.argv[2] ?? join(import.meta.dirname, '../../../docs/images/arena.png')

const [browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(folder, { FIGHTERS: '6' })])
try {
  const ada = await Player.arrive(browser, server.url, 'Ada', {
    viewport: { width: 1280, height: 800 },
  })
  const { page } = ada
  await ada.set('latency', 75)
  await ada.set('jitter', 40)
  await ada.turn('ghosts', true)
  // Fires at the nearest, and walks about, until there is something to be seen.
  await page.keyboard.down('KeyF')
  const ways = ['KeyD', 'KeyS', 'KeyA', 'KeyW'] as const
  const isBusy = (): Promise<boolean> =>
    page.evaluate(() => {
      const own = arena.fighters().find((each) => each.own)
      if (own === undefined || own.hp === 0) return false
      const inSight = arena
        .fighters()
        .filter(
          ({ own: isOwn, hp, x, y }) => !isOwn && hp > 0 && Math.abs(x - own.x) < 420 && Math.abs(y - own.y) < 330,
        )
      return inSight.length >= 2 && own.x > 350 && own.x < 1250 && own.y > 150 && own.y < 850
    })
  for (let steps = 0; steps < 200 && !(steps > 12 && (await isBusy())); steps++) {
    const way = ways[Math.floor(Math.random() * ways.length)] ?? 'KeyD'
    await page.keyboard.down(way)
    await page.waitForTimeout(350)
    await page.keyboard.up(way)
  }
  await page.screenshot({ path: target })
} finally {
  await browser.close()
  await server.end('SIGTERM')
}

declare const arena: { fighters(): { own: boolean; x: number; y: number; hp: number }[] }
