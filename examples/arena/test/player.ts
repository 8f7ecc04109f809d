import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** How long the slowest of machines may take for what is awaited: ms. */
const patience = 20_000

/** When the own fighter was drawn elsewhere, after a key was pressed. */
export interface Reaction {
  readonly frames: number
  readonly ms: number
}

/** What the page tells of a fighter. */
interface Told {
  readonly id: string
  readonly own: boolean
  readonly x: number
  readonly y: number
  readonly newest: { readonly x: number; readonly y: number }
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

  /** Presses a key until the own fighter, which has to stand still before, is drawn elsewhere. */
  async reaction(key: 'KeyD' | 'KeyA'): Promise<Reaction> {
    await this.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          let last = { x: NaN, frames: 0 }
          requestAnimationFrame(function look() {
            const x = arena.fighters().find((each) => each.own)?.x ?? 0
            last = Math.abs(x - last.x) < 0.01 ? { x, frames: last.frames + 1 } : { x, frames: 0 }
            if (last.frames > 30) resolve()
            else requestAnimationFrame(look)
          })
        }),
    )
    // It listens before the key goes down, which takes another way to the page.
    const reacted = await this.page.evaluateHandle((code) => {
      return {
        promise: new Promise<Reaction>((resolve) => {
          let pressed: { at: number; x: number } | undefined
          let frames = 0
          addEventListener('keydown', (event) => {
            const own = arena.fighters().find((each) => each.own)
            if (event.code === code) pressed ??= { at: performance.now(), x: own?.x ?? 0 }
          })
          requestAnimationFrame(function look() {
            const own = arena.fighters().find((each) => each.own)
            if (pressed !== undefined) frames++
            if (pressed !== undefined && Math.abs((own?.x ?? 0) - pressed.x) > 0.1) {
              resolve({ frames, ms: performance.now() - pressed.at })
            } else requestAnimationFrame(look)
          })
        }),
      }
    }, key)
    await this.page.keyboard.down(key)
    const reaction = await reacted.evaluate(({ promise }) => promise)
    await this.page.keyboard.up(key)
    return reaction
  }

  /** In what share of so many frames the others were drawn elsewhere than where the server said last that they are. */
  between(frames: number): Promise<number> {
    return this.page.evaluate(
      (count) =>
        new Promise<number>((resolve) => {
          let [seen, off, left] = [0, 0, count]
          requestAnimationFrame(function look() {
            for (const { own, x, y, newest } of arena.fighters()) {
              if (own) continue
              seen++
              if (Math.hypot(x - newest.x, y - newest.y) > 0.2) off++
            }
            if (--left > 0) requestAnimationFrame(look)
            else resolve(off / seen)
          })
        }),
      frames,
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
