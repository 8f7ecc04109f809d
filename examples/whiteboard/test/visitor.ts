import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Point } from '../board.ts'

/** How long the slowest of machines may take for what is awaited. */
export const patience = { timeout: 15_000, interval: 25 }

/** Somebody with a browser at a board. Places are on the sheet, not in the window. */
export class Visitor {
  readonly page: Page
  readonly name: string

  private constructor(page: Page, name: string) {
    this.page = page
    this.name = name
  }

  /** Opens a board, as somebody who has told a name before. */
  static async arrive(
    browser: Browser,
    address: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options })
    const page = await context.newPage()
    await page.addInitScript((own) => localStorage.setItem('junto.name', own), name)
    await page.goto(address)
    const visitor = new Visitor(page, name)
    await visitor.stands('connected')
    return visitor
  }

  /** Waits for a state of the connection. */
  async stands(state: 'connected' | 'away'): Promise<void> {
    await this.page.locator(`#board[data-standing="${state}"]`).waitFor()
  }

  async leave(): Promise<void> {
    await this.page.context().close()
  }

  /** Where a place of the sheet is in the window. */
  async inWindow([x, y]: Point): Promise<{ x: number; y: number }> {
    const sheet = await this.page.locator('#sheet').boundingBox()
    if (sheet === null) throw new Error('There is no sheet.')
    const scale = sheet.width / 1600
    return { x: sheet.x + x * scale, y: sheet.y + y * scale }
  }

  /** Moves the mouse along the way, with the button as it is. */
  async move(...way: Point[]): Promise<void> {
    for (const place of way) {
      const { x, y } = await this.inWindow(place)
      await this.page.mouse.move(x, y, { steps: 4 })
    }
  }

  /** Draws a stroke with the mouse. */
  async draw(from: Point, ...way: Point[]): Promise<void> {
    await this.move(from)
    await this.page.mouse.down()
    await this.move(...way)
    await this.page.mouse.up()
  }

  /** Whether there is ink at the place: how opaque it is, from 0 to 255. */
  async inkAt(place: Point): Promise<number> {
    const { x, y } = await this.inWindow(place)
    return this.page.evaluate(inkAt, { x, y })
  }

  /** Waits for ink, or for its absence. */
  async sees(place: Point, ink: 'ink' | 'nothing'): Promise<void> {
    const looked = expect.poll(() => this.inkAt(place), { ...patience, message: `${this.name} at ${place.join(', ')}` })
    await (ink === 'ink' ? looked.toBeGreaterThan(200) : looked.toBe(0))
  }

  /** Everything painted, pixel by pixel, as one number; and how many pixels hold ink. */
  picture(): Promise<{ hash: number; inked: number }> {
    return this.page.evaluate(picture)
  }

  /** Waits until all see exactly the same, and something. */
  async seesTheSameAs(...others: Visitor[]): Promise<void> {
    for (const other of others) {
      await expect
        .poll(async () => same(await this.picture(), await other.picture()), {
          ...patience,
          message: `${this.name} and ${other.name} see the same pixels`,
        })
        .toBe(true)
    }
  }

  /** The cursor of somebody else. */
  cursorOf(other: Visitor): Locator {
    return this.page.locator(`.cursor[data-name="${other.name}"]:not(.gone)`)
  }

  /** Pretends that the page goes into the background, or comes back: headless browsers know no background. */
  async hide(hidden: boolean): Promise<void> {
    await this.page.evaluate((now) => {
      Object.defineProperty(document, 'hidden', { value: now, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, hidden)
  }
}

function same(a: { hash: number; inked: number }, b: { hash: number; inked: number }): boolean {
  return a.inked > 0 && a.hash === b.hash && a.inked === b.inked
}

// The next two run in the page.

function inkAt({ x, y }: { x: number; y: number }): number {
  return Math.max(
    ...[...document.querySelectorAll<HTMLCanvasElement>('#dried, #wet')].map((canvas) => {
      const [left, top] = [Math.round(x * devicePixelRatio), Math.round(y * devicePixelRatio)]
      return canvas.getContext('2d')?.getImageData(left, top, 1, 1).data[3] ?? 0
    }),
  )
}

function picture(): { hash: number; inked: number } {
  const canvases = [...document.querySelectorAll<HTMLCanvasElement>('#dried, #wet')]
  const whole = new OffscreenCanvas(canvases[0]?.width ?? 1, canvases[0]?.height ?? 1)
  const on = whole.getContext('2d')
  if (on === null) return { hash: 0, inked: 0 }
  for (const canvas of canvases) on.drawImage(canvas, 0, 0)
  const pixels = new Uint32Array(on.getImageData(0, 0, whole.width, whole.height).data.buffer)
  let hash = 2166136261
  let inked = 0
  for (const pixel of pixels) {
    if (pixel !== 0) inked += 1
    hash = Math.imul(hash ^ pixel, 16777619)
  }
  return { hash, inked }
}
