import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** How long the slowest of machines may take for what is awaited: ms. */
const patience = 20_000

/** How somebody else was drawn over a while. */
export interface Drawn {
  /** Frames in which they were at another place than in the frame before, and all frames while they walked. */
  readonly moved: number
  readonly frames: number
}

/** What the page tells of a fighter. */
interface Told {
  readonly id: string
  readonly own: boolean
  readonly x: number
  readonly y: number
}
declare const arena: { fighters(): Told[] }

/** Somebody with a browser on the field. */
export class Player {
  readonly page: Page
  /** What went wrong on the page. */
  readonly faults: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.faults.push(message.text())
    })
  }

  /** Opens the page, in a browser of its own, and comes onto the field. */
  static async arrive(
    browser: Browser,
    address: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Player> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, ...options })
    context.setDefaultTimeout(patience)
    const player = new Player(await context.newPage())
    await player.page.goto(address)
    await player.page.locator('#name').fill(name)
    await player.page.locator('#play').click()
    await player.page.locator('body.playing').waitFor()
    await player.page.locator('#scores .own').waitFor()
    return player
  }

  /** Presses a key, and says after how many milliseconds the own fighter was drawn elsewhere. */
  async reaction(key: 'KeyD' | 'KeyA'): Promise<number> {
    const began = this.page.evaluate(
      (code) =>
        new Promise<number>((resolve) => {
          const own = (): Told | undefined => arena.fighters().find((each) => each.own)
          let pressed: { at: number; x: number } | undefined
          const look = (): void => {
            const x = own()?.x ?? 0
            if (pressed !== undefined && Math.abs(x - pressed.x) > 0.5) resolve(performance.now() - pressed.at)
            else requestAnimationFrame(look)
          }
          addEventListener(
            'keydown',
            (event) => {
              if (event.code === code) pressed = { at: performance.now(), x: own()?.x ?? 0 }
            },
            { capture: true, once: true },
          )
          look()
        }),
      key,
    )
    await this.page.keyboard.down(key)
    const after = await began
    await this.page.keyboard.up(key)
    return after
  }

  /** Watches the others for so many milliseconds. */
  watchOthers(ms: number): Promise<Drawn> {
    return this.page.evaluate(
      (time) =>
        new Promise<Drawn>((resolve) => {
          const last = new Map<string, { x: number; y: number; movedAt: number }>()
          const began = performance.now()
          let [moved, frames] = [0, 0]
          const look = (): void => {
            const now = performance.now()
            for (const { id, own, x, y } of arena.fighters()) {
              const before = last.get(id)
              const moves = before !== undefined && Math.hypot(x - before.x, y - before.y) > 0.01
              // Who has not moved for a while stands, or is down.
              if (!own && before !== undefined && now - before.movedAt < 120) {
                frames++
                if (moves) moved++
              }
              last.set(id, { x, y, movedAt: moves ? now : (before?.movedAt ?? 0) })
            }
            if (now - began < time) requestAnimationFrame(look)
            else resolve({ moved, frames })
          }
          look()
        }),
      ms,
    )
  }

  /** A figure of the panel, once it is there. */
  figure(name: string): Promise<string> {
    return this.page.locator(`[data-figure="${name}"]`).innerText()
  }

  /** Sets a slider of the panel. */
  async set(slider: 'latency' | 'jitter' | 'loss', value: number): Promise<void> {
    await this.page.locator(`#${slider}`).fill(String(value))
  }

  /** Sets a switch of the panel. */
  async turn(name: 'prediction' | 'interpolation' | 'rewind' | 'ghosts', on: boolean): Promise<void> {
    await this.page.locator(`#${name}`).setChecked(on, { force: true })
  }

  /** Goes, and with the page its browser. */
  async leave(): Promise<void> {
    await this.page.context().close()
  }
}
