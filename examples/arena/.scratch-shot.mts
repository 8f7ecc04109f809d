import { createServer } from 'node:http'
import { launchBrowser } from '../stage/test/browser.ts'
import { builtSite } from '../stage/site.ts'
const http = createServer(await builtSite('/tmp/junto/A6/dist', (p) => p === '/'))
await new Promise<void>((r) => http.listen(0, '127.0.0.1', () => r()))
const url = 'http://127.0.0.1:' + (http.address() as any).port
const b = await launchBrowser()
for (const [w, h, touch] of [
  [1200, 760, false],
  [360, 740, true],
] as const) {
  const c = await b.newContext({ viewport: { width: w, height: h }, hasTouch: touch, deviceScaleFactor: touch ? 2 : 1 })
  const p = await c.newPage()
  p.on('console', (m) => console.log(m.text()))
  p.on('pageerror', (e) => console.log(String(e)))
  await p.goto(url)
  await p.waitForTimeout(600)
  await p.screenshot({ path: `/tmp/junto/A6/start-${w}.png` })
  await p.locator('#name').fill('Ada')
  await p.locator('#play').click()
  await p.waitForTimeout(300)
  if (!touch) {
    await p.mouse.move(w * 0.75, h * 0.4)
    await p.mouse.down()
    await p.keyboard.down('d')
  }
  await p.waitForTimeout(4500)
  await p.screenshot({ path: `/tmp/junto/A6/play-${w}.png` })
  await p.waitForTimeout(3000)
  await p.screenshot({ path: `/tmp/junto/A6/play2-${w}.png` })
  if (touch) {
    await p.locator('#lab-open').tap()
    await p.waitForTimeout(700)
    await p.screenshot({ path: `/tmp/junto/A6/lab-${w}.png` })
  }
  await c.close()
}
await b.close()
http.close()
