import { launchBrowser } from '../stage/test/browser.ts'
import { ServerProcess } from '../stage/test/server-process.ts'
import { Player } from './test/player.ts'
;(globalThis as any).x = 1
const [b, server] = await Promise.all([launchBrowser(), ServerProcess.start(import.meta.dirname, { FIGHTERS: '7' })])
const ada = await Player.arrive(b, server.url, 'Ada', { viewport: { width: 1200, height: 760 } })
await ada.page.evaluate('globalThis.__name=(f)=>f')
await ada.set('latency', 75)
await ada.set('jitter', 50)
await ada.page.keyboard.down('KeyF')
for (const k of ['KeyD', 'KeyS', 'KeyA'] as const) {
  await ada.page.keyboard.down(k)
  await ada.page.waitForTimeout(1500)
  await ada.page.keyboard.up(k)
}
await ada.page.screenshot({ path: '/tmp/junto/A6/real-1200.png' })
console.log(await ada.page.locator('#figures').innerText())
console.log('reaction', await ada.reaction('KeyD'))
console.log('between', await ada.between(30))
await ada.turn('interpolation', false)
console.log('raw', await ada.between(30))
await ada.turn('interpolation', true)
await ada.turn('rewind', false)
await ada.turn('ghosts', true)
await ada.page.waitForTimeout(3000)
console.log(await ada.page.locator('#figures').innerText())
await ada.page.screenshot({ path: '/tmp/junto/A6/real2-1200.png' })
console.log(ada.faults)
await b.close()
console.log(await server.end('SIGTERM'), server.complaints)
