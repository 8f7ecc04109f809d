import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeInBrowser, isLongRun, launchBrowser } from '../../stage/test/browser.ts'
import { buildPage, ServerProcess } from '../../stage/test/server-process.ts'
import { Visitor } from './visitor.ts'

const folder = join(import.meta.dirname, '..')

describeInBrowser('the lobby', () => {
  let browser: Browser
  let server: ServerProcess
  // Three windows for all tests, each of which begins in the lobby.
  let ada: Visitor, grace: Visitor, lin: Visitor

  beforeAll(async () => {
    await buildPage(folder)
    ;[browser, server] = await Promise.all([launchBrowser(), ServerProcess.start(folder)])
    ;[ada, grace, lin] = await Promise.all([arrive('Ada'), arrive('Grace'), arrive('Lin')])
    return async () => {
      await browser.close()
      expect(await server.end('SIGTERM')).toBe(0)
    }
  })

  beforeEach(async () => {
    await Promise.all([ada, grace, lin].map((visitor) => visitor.goHome()))
  })

  afterEach(() => {
    expect(server.complaints).toEqual([])
  })

  function arrive(name: string, options?: Parameters<typeof Visitor.arrive>[3]): Promise<Visitor> {
    return Visitor.arrive(browser, server.url, name, options)
  }

  test('a room made in one window stands in the others’, fills, locks and goes', async () => {
    await ada.make({ topic: 'Chess', kind: 'play', seats: 2 })
    await Promise.all([grace.reads('Chess', '1 of 2 seats'), lin.reads('Chess', 'Play · 1 of 2 seats')])
    await grace.enter('Chess')
    await Promise.all([ada.person('Grace', 'here').waitFor(), lin.reads('Chess', /2 of 2 seats.*Full/)])
    await lin.listed('Chess').locator('a').click()
    await lin.isTold('All seats in “Chess” are taken.')
    // Whoever looks for a free seat does not see it; who is in it does.
    await lin.page.getByLabel('With a free seat').check()
    await lin.listed('Chess').waitFor({ state: 'detached' })
    await grace.leaves()
    await lin.reads('Chess', '1 of 2 seats')
    await ada.page.getByRole('button', { name: 'Lock' }).click()
    await lin.listed('Chess').waitFor({ state: 'detached' })
    await grace.reads('Chess', 'Locked')
    await grace.listed('Chess').locator('a').click()
    await grace.isTold('“Chess” is locked: nobody new comes in at the moment.')
    await ada.page.getByRole('button', { name: 'Unlock' }).click()
    await lin.listed('Chess').waitFor()
    await lin.page.getByLabel('With a free seat').uncheck()
    await ada.leaves()
    await Promise.all([ada, grace, lin].map((each) => each.listed('Chess').waitFor({ state: 'detached' })))
    await lin.page.getByText('No room is open here. Make the first one!').waitFor()
  })

  test('the list is narrowed by the server, and ordered', async () => {
    await ada.make({ topic: 'Beekeeping', kind: 'learn' })
    await grace.make({ topic: 'Anagrams', kind: 'play' })
    const topics = async (): Promise<string[]> => {
      const all = await lin.page.locator('#rooms li:not(.gone) strong').allTextContents()
      return all.filter((topic) => topic === 'Anagrams' || topic === 'Beekeeping')
    }
    await expect.poll(topics).toEqual(['Anagrams', 'Beekeeping'])
    await lin.enter('Beekeeping')
    await lin.page.getByLabel('Order').selectOption('Most people first')
    await expect.poll(topics).toEqual(['Beekeeping', 'Anagrams'])
    await lin.page.getByLabel('Order').selectOption('By topic')
    await expect.poll(topics).toEqual(['Anagrams', 'Beekeeping'])
    await lin.page.locator('#kinds').getByRole('radio', { name: 'Learn' }).check()
    await expect.poll(topics).toEqual(['Beekeeping'])
  })

  test('a private room is found by its code alone', async () => {
    await ada.make({ topic: 'Surprise party', secret: true })
    const code = (await ada.page.locator('#invite span').textContent()) ?? ''
    expect(code).toMatch(/^[0-9A-Z]{6}$/)
    // A public one that was made after it is there, it is not.
    await grace.make({ topic: 'Cover story' })
    await ada.listed('Cover story').waitFor()
    expect(await grace.listed('Surprise party').count()).toBe(0)
    expect(await ada.listed('Surprise party').count()).toBe(0)
    await grace.tryCode('000 000')
    await grace.isTold('The room of the code 000 000 is over, or has never been.')
    // As people type it.
    await grace.tryCode(`${code.slice(0, 3)} ${code.slice(3)}`.toLowerCase())
    await grace.isIn('Surprise party')
    await ada.person('Grace', 'here').waitFor()
    expect(new URL(grace.page.url()).pathname).toBe(`/c/${code}`)
    // Loaded again, it is the same member: nobody has left or come.
    await grace.page.reload()
    await grace.isIn('Surprise party')
    await grace.say('I bring the cake')
    await ada.hears('I bring the cake')
    expect(await ada.page.locator('.note').allTextContents()).toEqual([
      expect.stringContaining('You opened the room'),
      expect.stringContaining('Grace came in'),
    ])
  })

  test.runIf(isLongRun)('who types is shown until they stop, also when their page does', async () => {
    await ada.make({ topic: 'Typing' })
    await grace.enter('Typing')
    const typing = ada.page.getByText('Grace is typing')
    await grace.page.getByLabel('Your message').pressSequentially('Hm')
    await typing.waitFor()
    await grace.page.getByLabel('Your message').fill('')
    await typing.waitFor({ state: 'detached' })
    await ada.person('Grace', 'here').waitFor()
    await grace.page.getByLabel('Your message').pressSequentially('Well')
    await typing.waitFor()
    // From here on nothing of it runs, and its connection stays: what ends it is the server.
    const devtools = await grace.devtools()
    await devtools.send('Debugger.enable')
    await devtools.send('Debugger.pause')
    await typing.waitFor({ state: 'detached' })
    await ada.person('Grace', 'elsewhere').waitFor()
    await devtools.send('Debugger.disable')
    await ada.person('Grace', 'here').waitFor()
  })

  test('whose page goes is shown as away, and finds the seat again', async () => {
    await ada.make({ topic: 'The garden', seats: 2 })
    await grace.enter('The garden')
    await grace.page.goto('about:blank')
    await ada.person('Grace', 'away').waitFor()
    await ada.reads('The garden', /2 of 2 seats.*Full/)
    await ada.say('See you soon')
    await grace.page.goBack()
    await ada.person('Grace', 'here').waitFor()
    await grace.hears('See you soon')
    expect(await ada.page.locator('.note', { hasText: 'Grace left' }).count()).toBe(0)
  })

  test('what is said while the connection is gone arrives once and in order', async () => {
    await ada.make({ topic: 'The lift' })
    await grace.enter('The lift')
    await grace.say('one')
    await ada.hears('one')
    await grace.goOffline(true)
    await grace.page.getByText('You are offline.').waitFor()
    await grace.say('two', 'three')
    await grace.page.getByText('2 messages wait here and are sent then.').waitFor()
    await ada.say('Are you stuck?')
    await grace.goOffline(false)
    await ada.hears('three')
    await grace.hears('Are you stuck?')
    const expected = ['one', 'Are you stuck?', 'two', 'three']
    expect(await ada.said()).toEqual(expected)
    await expect.poll(() => grace.said()).toEqual(expected)
    expect(await grace.page.locator('.draft').count()).toBe(0)
    expect(await ada.page.locator('.note', { hasText: 'Grace left' }).count()).toBe(0)
  })

  test.runIf(isLongRun)('messages that come too fast are refused one by one, and can be sent again', async () => {
    await ada.make({ topic: 'Flood' })
    const texts = Array.from({ length: 14 }, (_, index) => `drop ${index}.`)
    await ada.say(...texts)
    const refused = ada.page.locator('.draft.refused')
    await refused.filter({ hasText: 'Too fast.' }).first().waitFor()
    const last = (await refused.locator('.said').allTextContents()).at(-1) ?? ''
    await expect
      .poll(
        async () => {
          await refused
            .filter({ hasText: last })
            .getByRole('button', { name: 'Send again' })
            .click({ timeout: 500 })
            .catch(() => {})
          return ada.page.locator('.message:not(.draft) .said', { hasText: last }).count()
        },
        { timeout: 10_000 },
      )
      .toBe(1)
  })

  test('by keyboard alone, in a narrow window', async () => {
    const radia = await arrive('Radia', { viewport: { width: 380, height: 700 } })
    await ada.make({ topic: 'Coffee' })
    await radia.page.locator('#rooms li').first().filter({ hasText: 'Coffee' }).waitFor()
    const { keyboard } = radia.page
    // New room, join code, its button, the kinds, the filter, the order, the first room.
    await radia.page.getByLabel('You are').focus()
    for (let i = 0; i < 7; i += 1) await keyboard.press('Tab')
    await keyboard.press('Enter')
    await radia.isIn('Coffee')
    await keyboard.type('With milk, please')
    await keyboard.press('Enter')
    await ada.hears('With milk, please')
    expect(await radia.page.locator('#lobby').isVisible()).toBe(false)
    expect(await radia.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    await radia.page.getByRole('link', { name: 'Back to the lobby' }).focus()
    await keyboard.press('Enter')
    await radia.reads('Coffee', 'You are here')
    await radia.listed('Coffee').locator('a').click()
    await radia.isIn('Coffee')
    await radia.page.goBack()
    await radia.reads('Coffee', '1 of 8 seats')
    await radia.close()
  })

  test('a server that is killed: the lobby comes back by itself, and who was in a room meets there again', async () => {
    await ada.make({ topic: 'The ship' })
    await grace.enter('The ship')
    await ada.say('before')
    await grace.hears('before')
    await lin.make({ topic: 'Hidden', secret: true })
    await server.end('SIGKILL')
    await Promise.all([ada, grace, lin].map((each) => each.stands('away')))
    await ada.page.getByText('The server is away.').waitFor()
    await grace.say('meanwhile')
    server = await ServerProcess.start(folder, { PORT: server.port })
    await Promise.all([ada, grace, lin].map((each) => each.retries()))
    await Promise.all([ada.hears('meanwhile'), grace.hears('meanwhile')])
    await ada.page.getByText('What stands above is known to this page alone.').waitFor()
    expect(await ada.said()).toEqual(['before', 'meanwhile'])
    await expect.poll(() => grace.said()).toEqual(['before', 'meanwhile'])
    // One room, not one for each of them.
    await lin.reads('The ship', '2 of 8 seats')
    expect(await lin.listed('The ship').count()).toBe(1)
    // A private room cannot be found without its code, which the server has forgotten.
    await lin.page.getByText('The server was restarted, and this room is gone with its code.').waitFor()
    await lin.page.getByRole('button', { name: 'Make it again' }).click()
    await lin.page.getByLabel('Your message').waitFor()
    expect(await ada.listed('Hidden').count()).toBe(0)
  })
})
