import type { Browser, BrowserContextOptions, CDPSession, Locator, Page } from 'playwright-core'
import type { Kind } from '../chat.ts'

/** What a new room shall be. */
export interface Wish {
  readonly topic: string
  readonly kind?: Kind
  readonly seats?: number
  readonly secret?: boolean
}

/** Somebody with a browser in the lobby. */
export class Visitor {
  readonly page: Page
  readonly name: string

  private constructor(page: Page, name: string) {
    this.page = page
    this.name = name
  }

  /** Opens the lobby, or a room's address, as somebody who has told a name before, and waits until it is live. */
  static async arrive(
    browser: Browser,
    address: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, ...options })
    const page = await context.newPage()
    await page.addInitScript((own) => localStorage.setItem('junto.name', own), name)
    await page.goto(address)
    const visitor = new Visitor(page, name)
    await visitor.stands('connected')
    return visitor
  }

  /** Is in no room, and sees all that there are. */
  async goHome(): Promise<void> {
    if (await this.page.locator('#room').isVisible()) await this.leaves()
    await this.page.getByLabel('Order').selectOption('Newest first')
    await this.page.locator('#kinds').getByRole('radio', { name: 'All' }).check()
  }

  /** Waits for a state of the connection. */
  async stands(state: 'connected' | 'away'): Promise<void> {
    await this.page.locator(`body[data-standing="${state}"]`).waitFor()
  }

  /** Makes a room, and waits until it is in there. */
  async make({ topic, kind = 'talk', seats = 8, secret = false }: Wish): Promise<void> {
    await this.page.getByRole('button', { name: 'New room' }).click()
    await this.page.getByLabel('What is it about?').fill(topic)
    await this.page.locator(`#new-kinds input[value="${kind}"]`).check()
    await this.page.getByLabel('Seats').fill(String(seats))
    await this.page.getByLabel('Private').setChecked(secret)
    await this.page.getByRole('button', { name: 'Make the room' }).click()
    await this.isIn(topic)
  }

  /** A room in the lobby. */
  listed(topic: string): Locator {
    return this.page.locator('#rooms li:not(.gone)', { hasText: topic })
  }

  /** Waits until the lobby says that of a room. */
  async reads(topic: string, words: string | RegExp): Promise<void> {
    await this.listed(topic).filter({ hasText: words }).waitFor()
  }

  /** Comes into a room by a click, and waits until it is in there. */
  async enter(topic: string): Promise<void> {
    await this.listed(topic).locator('a').click()
    await this.isIn(topic)
  }

  /** Types a join code. */
  async tryCode(code: string): Promise<void> {
    await this.page.getByLabel('Join code').fill(code)
    await this.page.keyboard.press('Enter')
  }

  async isIn(topic: string): Promise<void> {
    await this.page.locator('#room:visible').getByRole('heading', { name: topic, exact: true }).waitFor()
  }

  async leaves(): Promise<void> {
    await this.page.getByRole('button', { name: 'Leave the room' }).click()
  }

  async say(...texts: string[]): Promise<void> {
    for (const text of texts) {
      await this.page.getByLabel('Your message').fill(text)
      await this.page.keyboard.press('Enter')
    }
  }

  /** Waits for a message that is in the room, and not only in this page. */
  async hears(text: string): Promise<void> {
    await this.page.locator('.message:not(.draft) .said', { hasText: text }).waitFor()
  }

  /** All that was said, from the top, what is not in the room yet included. */
  said(): Promise<string[]> {
    return this.page.locator('.message .said').allTextContents()
  }

  /** Somebody in the list of who is here, in that manner. */
  person(name: string, how: 'here' | 'typing' | 'elsewhere' | 'away'): Locator {
    return this.page.locator(`.person[data-how="${how}"]`, { hasText: name })
  }

  /** What is said in a notice. */
  async isTold(words: string | RegExp): Promise<void> {
    await this.page.locator('.notice', { hasText: words }).waitFor()
  }

  async goOffline(offline: boolean): Promise<void> {
    await this.page.context().setOffline(offline)
    await this.stands(offline ? 'away' : 'connected')
  }

  /** Does not wait for the next attempt to connect, and waits until one has worked. */
  async retries(): Promise<void> {
    const button = this.page.getByRole('button', { name: 'Try now' })
    const connected = this.stands('connected')
    // It may go while it is being clicked.
    await Promise.race([connected, button.click().catch(() => connected)])
    await connected
  }

  /** Chromium's own tools for this page. */
  devtools(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page)
  }

  /** Closes the browser's window. */
  close(): Promise<void> {
    return this.page.context().close()
  }
}
