import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'

/** How long the slowest of machines may take for what is awaited: ms. */
const patience = 20_000

/** Somebody with a browser at a table. */
export class Player {
  readonly page: Page
  readonly name: string

  private constructor(page: Page, name: string) {
    this.page = page
    this.name = name
  }

  /** Opens the page, in a browser of its own. */
  static async arrive(
    browser: Browser,
    address: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Player> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, ...options })
    context.setDefaultTimeout(patience)
    const page = await context.newPage()
    await page.goto(address)
    return new Player(page, name)
  }

  /** Says who they are, and presses one of the start page's buttons. */
  async sitDown(button: 'play-anyone' | 'play-friends' | 'play-code', code = ''): Promise<void> {
    await this.page.locator('#name').fill(this.name)
    if (code !== '') await this.page.locator('#code').fill(code)
    await this.page.locator(`#${button}`).click()
    await this.sits()
  }

  /** Waits until the page is at a table. */
  async sits(): Promise<void> {
    await this.page.locator('#table[data-standing="connected"]').waitFor()
  }

  /** The code of the table, as the page's address has it. */
  get code(): string {
    return new URL(this.page.url()).pathname.slice('/t/'.length)
  }

  /** The own cards, as they lie. */
  hand(): Promise<string[]> {
    return this.page
      .locator('#hand .card')
      .evaluateAll((buttons) =>
        buttons.map((button) => (button instanceof HTMLElement && button.dataset['card']) || ''),
      )
  }

  /** The cards whose faces are in the page: on the table, and anywhere else. */
  faces(): Promise<{ onTable: string[]; elsewhere: string[] }> {
    return this.page.evaluate(() => {
      const faces = [...document.querySelectorAll<HTMLElement>('#table [data-card]')]
      const cards = (onTable: boolean): string[] =>
        faces.filter((face) => (face.closest('#pile') !== null) === onTable).map((face) => face.dataset['card'] ?? '')
      return { onTable: cards(true), elsewhere: cards(false) }
    })
  }

  /** The first card that a selector finds. */
  first(selector: string): Promise<string | undefined> {
    return this.page.evaluate((found) => document.querySelector<HTMLElement>(found)?.dataset['card'], selector)
  }

  /** The card that has the focus. */
  focused(): Promise<string | undefined> {
    return this.page.evaluate(() =>
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['card'] : undefined,
    )
  }

  /** What one can press, or is to see, and is not within the window. */
  outside(): Promise<string[]> {
    return this.page.evaluate(() => {
      const { innerWidth: width, innerHeight: height } = window
      return [...document.querySelectorAll('#table button, #table .player')]
        .filter((each) => each.checkVisibility())
        .filter((each) => {
          const { left, right, top, bottom } = each.getBoundingClientRect()
          return left < 0 || right > width || top < 0 || bottom > height
        })
        .map((each) => `${each.id} ${each.className}`)
    })
  }

  /** Somebody else at the table, as this page shows them. */
  other(name: string): Locator {
    return this.page.locator(`#others .player[data-name="${name}"]`)
  }

  /** Waits until it is this player's turn, or not. */
  async turn(mine: boolean): Promise<void> {
    await this.page.locator(mine ? '#table.my-turn' : '#table:not(.my-turn)').waitFor()
  }

  /** A line that says what there is to do, or what went wrong. */
  async isTold(words: string | RegExp): Promise<void> {
    await this.page.locator('#say, #notices .note, #away').filter({ hasText: words }).first().waitFor()
  }

  /** Waits for a line of what has happened. */
  async isToldOf(words: string): Promise<void> {
    await this.page.locator('#log li', { hasText: words }).first().waitFor({ state: 'attached' })
  }

  /** Does something legal: plays what fits, naming the suit where there is a question, or draws and passes. */
  async move(): Promise<'played' | 'passed'> {
    const card = this.page.locator('#hand .card.fits')
    for (let tries = 0; tries < 2; tries++) {
      if ((await card.count()) > 0) {
        const top = (await card.first().getAttribute('data-card')) ?? ''
        await card.first().click()
        if (top.startsWith('8')) await this.page.locator('.suit-choice[data-suit="H"]').click()
        await this.page.locator(`#hand [data-card="${top}"]`).waitFor({ state: 'detached' })
        return 'played'
      }
      if (tries > 0) break
      await this.page.locator('#draw').click()
      await this.page.locator('#pass:enabled').waitFor()
    }
    await this.page.locator('#pass').click()
    await this.turn(false)
    return 'passed'
  }

  /** From now on the page plays by itself, by the buttons that people press: whatever fits first, or it draws and passes. */
  async playOn(): Promise<void> {
    await this.page.evaluate(() => {
      const press = (selector: string): boolean => {
        const button = document.querySelector<HTMLElement>(selector)
        button?.click()
        return button !== null
      }
      const step = (): void => {
        if (!press('dialog[open] .suit-choice') && document.querySelector('#table.my-turn') !== null)
          void (press('#hand .fits') || press('#draw:enabled') || press('#pass:enabled'))
        requestAnimationFrame(step)
      }
      step()
    })
  }

  /** Goes, and with the page its browser. */
  async leave(): Promise<void> {
    await this.page.context().close()
  }
}
