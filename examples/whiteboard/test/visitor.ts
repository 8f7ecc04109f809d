import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Locator, Page } from 'playwright-core'
import type { Point } from '../board.ts'

/** Of a window, unless something else is asked for: boards in windows of one size are the same pixel by pixel. */
const size = { width: 1000, height: 700 }

/** How long the slowest of machines may take for what is awaited: ms. */
const patience = 20_000

/** Windows that somebody has left, by browser: a new one costs a second of the processor. */
const idle = new WeakMap<Browser, Page[]>()

/** Somebody with a browser at a board. Places are on the sheet, not in the window. */
export class Visitor {
  readonly page: Page
  readonly name: string
  /** Where the window stays for who comes next; `undefined`: it is closed. */
  readonly #home: Page[] | undefined
  #isHere = true

  private constructor(page: Page, name: string, home?: Page[]) {
    this.page = page
    this.name = name
    this.#home = home
  }

  /** Opens a board, as somebody who has told a name before. */
  static async arrive(
    browser: Browser,
    address: string,
    name: string,
    options?: BrowserContextOptions,
  ): Promise<Visitor> {
    if (options !== undefined) {
      const context = await browser.newContext({ viewport: size, ...options })
      return Visitor.#arriveIn(await context.newPage(), address, name)
    }
    const windows = idle.get(browser) ?? []
    idle.set(browser, windows)
    const page = windows.pop() ?? (await (await browser.newContext({ viewport: size })).newPage())
    return Visitor.#arriveIn(page, address, name, windows)
  }

  /** Opens a board in a tab of that browser's window. */
  static async arriveAt(desk: BrowserContext, address: string, name: string): Promise<Visitor> {
    const page = await desk.newPage()
    await page.setViewportSize(size)
    return Visitor.#arriveIn(page, address, name)
  }

  static async #arriveIn(page: Page, address: string, name: string, home?: Page[]): Promise<Visitor> {
    // Of several, the last one that was added runs last.
    await page.addInitScript((own) => localStorage.setItem('junto.name', own), name)
    await page.goto(address)
    const visitor = new Visitor(page, name, home)
    await visitor.stands('connected')
    return visitor
  }

  /** Waits for a state of the connection. */
  async stands(state: 'connected' | 'away'): Promise<void> {
    await this.page.locator(`#board[data-standing="${state}"]`).waitFor()
  }

  /** What the page makes of its connection, from now on: its states, and the words about it in the bar. */
  async watchStanding(): Promise<() => Promise<{ states: string[]; words: string[] }>> {
    await this.page.evaluate(() => {
      const said = { states: new Array<string>(), words: new Array<string>() }
      Object.assign(window, { said })
      const board = document.querySelector<HTMLElement>('#board')
      const word = document.querySelector('#status span')
      if (board === null || word === null) throw new Error('There is no board.')
      const note = (changes: string[], now: string): void => void (now !== changes.at(-1) && changes.push(now))
      new MutationObserver(() => note(said.states, board.dataset['standing'] ?? '')).observe(board, {
        attributeFilter: ['data-standing'],
      })
      new MutationObserver(() => note(said.words, word.textContent ?? '')).observe(word, { childList: true })
    })
    return () => this.page.evaluate(() => (window as unknown as { said: { states: string[]; words: string[] } }).said)
  }

  /** The word about the connection in the bar. */
  async says(word: string | RegExp): Promise<void> {
    await this.page.locator('#status', { hasText: word }).waitFor()
  }

  /** Somebody else's avatar, shown as one whose connection is lost. */
  get lostOthers(): Locator {
    return this.page.locator('#people .avatar.away')
  }

  /** Chromium's own tools for this page. */
  devtools(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page)
  }

  /** Goes, and leaves the window behind as it was found, or with the page closes its context, unless there are others in it. */
  async leave(): Promise<void> {
    if (!this.#isHere) return
    this.#isHere = false
    const context = this.page.context()
    if (this.#home !== undefined) {
      await context.setOffline(false)
      await this.page.mouse.move(0, 0)
      await this.page.goto('about:blank')
      this.#home.push(this.page)
      return
    }
    await this.page.close()
    if (context.pages().length === 0) await context.close()
  }

  /** Where a place of the sheet is in the window. */
  async inWindow([x, y]: Point): Promise<{ x: number; y: number }> {
    const sheet = await this.page.locator('#sheet').boundingBox()
    if (sheet === null) throw new Error('There is no sheet.')
    const scale = sheet.width / 1600
    return { x: sheet.x + x * scale, y: sheet.y + y * scale }
  }

  /** Where the keyboard's crosshair is on the sheet. */
  async crosshair(): Promise<Point> {
    const sheet = await this.page.locator('#sheet').boundingBox()
    if (sheet === null) throw new Error('There is no sheet.')
    // It is shown where it is with the next frame.
    await this.frame()
    const cross = await this.page.locator('#crosshair').boundingBox()
    if (cross === null) throw new Error('There is no crosshair.')
    const scale = sheet.width / 1600
    return [(cross.x + cross.width / 2 - sheet.x) / scale, (cross.y + cross.height / 2 - sheet.y) / scale]
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

  /** Waits until the page has painted what has happened before. */
  async frame(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    )
  }

  /** Whether there is ink at the place: how opaque it is, from 0 to 255. */
  async inkAt(place: Point): Promise<number> {
    const { x, y } = await this.inWindow(place)
    return this.page.evaluate(inkAt, { x, y })
  }

  /** Waits for ink, or for its absence. */
  async sees(place: Point, ink: 'ink' | 'nothing'): Promise<void> {
    await this.until(
      () => this.inkAt(place),
      (opacity) => (ink === 'ink' ? opacity > 200 : opacity === 0),
      `${this.name} should see ${ink} at ${place.join(', ')}`,
    )
  }

  /** Asks again and again, at most once a frame of the page, until the answer is right. */
  async until<T>(ask: () => Promise<T>, right: (answer: T) => boolean, what: string): Promise<T> {
    const deadline = Date.now() + patience
    for (;;) {
      const answer = await ask()
      if (right(answer)) return answer
      if (Date.now() > deadline) throw new Error(`${what}; at last it was ${JSON.stringify(answer)}`)
      await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
    }
  }

  /** How often the place has changed between ink and nothing from now on, though it were for one frame. */
  async watchInk(place: Point): Promise<() => Promise<('ink' | 'nothing')[]>> {
    const { x, y } = await this.inWindow(place)
    // By its text: what runs in the page knows nothing of this module.
    await this.page.evaluate(
      `{
        const inkAt = ${inkAt.toString()}
        const shown = (window.shown = [])
        const look = () => {
          const now = inkAt({ x: ${x}, y: ${y} }) > 0 ? 'ink' : 'nothing'
          if (now !== (shown.at(-1) ?? 'nothing')) shown.push(now)
          requestAnimationFrame(look)
        }
        look()
      }`,
    )
    return () => this.page.evaluate(() => (window as unknown as { shown: ('ink' | 'nothing')[] }).shown)
  }

  /** Everything painted, pixel by pixel, as one number; and how many pixels hold ink. */
  picture(): Promise<{ hash: number; inked: number }> {
    return this.page.evaluate(picture)
  }

  /** Waits until all see exactly the same, and something. */
  async seesTheSameAs(...others: Visitor[]): Promise<void> {
    for (const other of others) {
      await this.until(
        () => Promise.all([this.picture(), other.picture()]),
        ([mine, theirs]) => mine.inked > 0 && mine.hash === theirs.hash && mine.inked === theirs.inked,
        `${this.name} and ${other.name} should see the same pixels`,
      )
    }
  }

  /** The cursor of somebody else. */
  cursorOf(other: Visitor): Locator {
    return this.page.locator(`.cursor[data-name="${other.name}"]:not(.gone)`)
  }

  /** How often cursors have vanished and appeared from now on, though it were for a moment. */
  async watchCursors(): Promise<() => Promise<{ vanished: number; appeared: number }>> {
    await this.page.evaluate(() => {
      const seen = { vanished: 0, appeared: 0 }
      Object.assign(window, { seen })
      const shown = (): number => document.querySelectorAll('.cursor:not(.gone)').length
      let before = shown()
      new MutationObserver(() => {
        const now = shown()
        if (now < before) seen.vanished += before - now
        else seen.appeared += now - before
        before = now
      }).observe(document.querySelector('#cursors') ?? document, {
        subtree: true,
        childList: true,
        attributeFilter: ['class'],
      })
    })
    return () => this.page.evaluate(() => (window as unknown as { seen: { vanished: number; appeared: number } }).seen)
  }

  /** Pretends that the page goes into the background, or comes back: headless browsers know no background. */
  async hide(hidden: boolean): Promise<void> {
    await this.page.evaluate((now) => {
      Object.defineProperty(document, 'hidden', { value: now, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, hidden)
  }
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
