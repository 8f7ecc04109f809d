import { join } from 'node:path'
import { JuntoClient } from '@junto/client'
import type { Browser } from 'playwright-core'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeInBrowser, launchBrowser } from '../../stage/test/browser.ts'
import { buildPage, ServerProcess } from '../../stage/test/server-process.ts'
import { Eights } from '../contract.ts'
import { fits, rankOf, suitOf, type Card } from '../rules.ts'
import { Player } from './player.ts'

const folder = join(import.meta.dirname, '..')
// Nobody who closes a tab is waited for as long as by default.
const limits = JSON.stringify({ resumeWindow: 4_000 })

describeInBrowser('the card table', () => {
  let browser: Browser
  let server: ServerProcess
  let hasty: ServerProcess
  let players: Player[] = []

  beforeAll(async () => {
    await buildPage(folder)
    ;[browser, server, hasty] = await Promise.all([
      launchBrowser(),
      ServerProcess.start(folder, { LIMITS: limits, TURN: '60' }),
      ServerProcess.start(folder, { TURN: '1.5' }),
    ])
    return async () => {
      await browser.close()
      expect(await Promise.all([server.end('SIGTERM'), hasty.end('SIGTERM')])).toEqual([0, 0])
    }
  })

  afterEach(async () => {
    await Promise.all(players.map((player) => player.leave()))
    players = []
    expect(server.complaints).toEqual([])
    expect(hasty.complaints).toEqual([])
  })

  async function arrive(name: string, address = server.url, options = {}): Promise<Player> {
    const player = await Player.arrive(browser, address, name, options)
    players.push(player)
    return player
  }

  /** So many at a table for friends; the first one has made it. */
  async function table(...names: [string, ...string[]]): Promise<Player[]> {
    const [first, ...others] = await Promise.all(names.map((name) => arrive(name)))
    if (first === undefined) throw new Error('nobody came')
    await first.sitDown('play-friends')
    for (const other of others) await other.sitDown('play-code', first.code)
    return [first, ...others]
  }

  /** The same, with cards dealt: it is the second one's turn. */
  async function round(...names: [string, string, ...string[]]): Promise<[Player, Player, ...Player[]]> {
    const [first, second, ...others] = await table(...names)
    if (first === undefined || second === undefined) throw new Error('two have to sit there')
    await first.page.locator('#deal').click()
    await second.turn(true)
    await first.page.locator('#hand .card').first().waitFor()
    return [first, second, ...others]
  }

  test('two windows play a round to its end, and neither page ever holds a card of the other', async () => {
    const both = await round('Ada', 'Bo')
    const [ada, bo] = both
    expect(await ada.hand()).toHaveLength(7)
    expect(await ada.other('Bo').getAttribute('data-held')).toBe('7')
    let played = 0
    for (let n = 1; (await ada.page.locator('#table').getAttribute('data-phase')) === 'playing'; n++) {
      expect(n, 'a round has an end').toBeLessThan(300)
      const mover = both[n % 2 === 1 ? 1 : 0]
      await mover.turn(true)
      if ((await mover.move()) === 'played') played += 1
      // What lies on the table (the last card and the one below) and the own hand: no other face.
      if (n > 12) continue
      for (const player of both) {
        const faces = await player.faces()
        expect(faces.length).toBeLessThanOrEqual((await player.hand()).length + 2)
      }
      const hidden = await bo.hand()
      const shown = await ada.faces()
      const onTable = await ada.page
        .locator('#pile .card')
        .evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset['card']))
      expect(shown.filter((card) => hidden.includes(card) && !onTable.includes(card))).toEqual([])
    }
    expect(played).toBeGreaterThan(6)
    for (const player of both) await player.page.locator('#lounge h2', { hasText: /won the (round|game)/ }).waitFor()
    expect(await ada.page.locator('.scores li').count()).toBe(2)
    await bo.page.locator('#deal').click()
    await ada.turn(true)
    expect(await bo.hand()).toHaveLength(7)
  })

  test('three windows: strangers meet, take turns, and a program at the same table sees no hand but its own', async () => {
    const all = await Promise.all(['Ada', 'Bo', 'Cy'].map((name) => arrive(name)))
    for (const player of all) await player.sitDown('play-anyone')
    const [ada, bo, cy] = all
    if (ada === undefined || bo === undefined || cy === undefined) throw new Error('three have to sit there')
    expect(new Set(all.map(({ code }) => code)).size).toBe(1)
    const client = new JuntoClient({ url: `${server.url.replace('http', 'ws')}/live` })
    try {
      const spy = await client.joinByCode(Eights, ada.code, { join: { name: 'Spy' } })
      spy.on('happened', () => {})
      await ada.other('Spy').waitFor()
      await cy.page.locator('#deal').click()
      // The next seat is the program's.
      await expect.poll(() => spy.state.turn).toBe(spy.memberId)
      const hands = [...spy.state.seats.values()].map(({ hand }) => hand?.length)
      expect(hands).toEqual([undefined, undefined, undefined, 5])
      await spy.call.draw()
      await spy.call.pass()
      for (const player of [ada, bo, cy]) {
        await player.turn(true)
        await player.move()
        for (const other of all) if (other !== player) await other.isTold(/thinking|Your turn|won/)
      }
      await expect.poll(() => spy.state.turn).toBe(spy.memberId)
      for (const [id, { hand }] of spy.state.seats) if (id !== spy.memberId) expect(hand).toBeUndefined()
    } finally {
      await client.close()
    }
    await ada.other('Spy').waitFor({ state: 'detached' })
  })

  test('what the rules do not allow is said kindly', async () => {
    const [ada, bo] = await round('Ada', 'Bo')
    await ada.page.locator('#hand .card').first().click()
    await ada.isTold('It is Bo’s turn.')
    const [top] = await bo.page
      .locator('#pile .card')
      .evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset['card']))
    const demand = { top: top as Card, suit: suitOf(top as Card) }
    // He draws until one does not fit; of the first seven that is nearly certain.
    const wrong = ((await bo.hand()) as Card[]).find((card) => !fits(card, demand))
    if (wrong !== undefined) {
      await bo.page.locator(`#hand [data-card="${wrong}"]`).click()
      await bo.isTold(new RegExp(`does not fit: it takes .*, or another .*${rankOf(demand.top).replace(/[AJQK]/, '')}`))
      expect(await bo.hand()).toContain(wrong)
    }
    const late = await arrive('Cy')
    await late.page.locator('#name').fill('Cy')
    await late.page.locator('#code').fill('000 000')
    await late.page.locator('#play-code').click()
    await late.page.locator('#start-trouble', { hasText: 'There is no table of this code' }).waitFor()
  })

  test('keys alone are enough', async () => {
    const [, bo] = await round('Ada', 'Bo')
    const { keyboard } = bo.page
    await keyboard.press('d')
    await bo.page.locator('#pass:enabled').waitFor()
    const hand = await bo.hand()
    expect(hand).toHaveLength(8)
    await keyboard.press('ArrowRight')
    await keyboard.press('Home')
    const focused = () => bo.page.evaluate(() => (document.activeElement as HTMLElement).dataset['card'])
    expect(await focused()).toBe(hand[0])
    await keyboard.press('ArrowLeft')
    expect(await focused()).toBe(hand[7])
    const fitting = await bo.page
      .locator('#hand .fits')
      .first()
      .getAttribute('data-card', { timeout: 500 })
      .catch(() => null)
    if (fitting === null) await keyboard.press('p')
    else {
      await keyboard.press('Home')
      for (let at = 0; at < hand.indexOf(fitting); at++) await keyboard.press('ArrowRight')
      await keyboard.press('Enter')
      if (fitting.startsWith('8')) await keyboard.press('c')
    }
    await bo.turn(false)
    // The focus stays in the hand.
    if (fitting !== null) expect(await bo.hand()).toContain(await focused())
  })

  test('on a phone everything is within the window', async () => {
    const [ada] = await table('Ada')
    const phone = await arrive('Bo', `${server.url}/t/${ada?.code}`, {
      viewport: { width: 360, height: 640 },
      hasTouch: true,
    })
    await phone.sitDown('play-code')
    await phone.page.locator('#deal').tap()
    await ada?.turn(true)
    await ada?.move()
    await phone.turn(true)
    await phone.page.locator('#draw').tap()
    await phone.page.locator('#pass:enabled').waitFor()
    const outside = await phone.page.evaluate(() => {
      const { innerWidth: width, innerHeight: height } = window
      const shown = [...document.querySelectorAll('#table button, #table .player')].filter((each) =>
        each.checkVisibility(),
      )
      return shown
        .filter((each) => {
          const { left, right, top, bottom } = each.getBoundingClientRect()
          return left < 0 || right > width || top < 0 || bottom > height + 1
        })
        .map((each) => each.id || each.className)
    })
    expect(outside).toEqual([])
  })

  test('a page that is loaded again in its own turn has seat, cards and turn as before', async () => {
    const [ada, bo] = await round('Ada', 'Bo')
    const hand = await bo.hand()
    await bo.page.reload()
    await bo.sits()
    await bo.turn(true)
    expect(await bo.hand()).toEqual(hand)
    await ada.page.locator('#log li', { hasText: 'Bo is back.' }).waitFor()
    expect(await ada.page.locator('#log li', { hasText: 'Bo sits down.' }).count()).toBe(1)
    expect(await ada.page.locator('#log li', { hasText: 'Bo has left.' }).count()).toBe(0)
    await bo.move()
    await ada.turn(true)
  })

  test('whose connection is lost is shown as away, and plays on when it is back', async () => {
    const [ada, bo] = await round('Ada', 'Bo')
    const hand = await bo.hand()
    const network = await bo.page.context().newCDPSession(bo.page)
    await bo.page.context().setOffline(true)
    await bo.page.locator('#away').waitFor()
    await ada.page.locator('#others .player.away[data-name="Bo"]').waitFor()
    await bo.page.locator('#draw').click()
    await bo.isTold('You are not connected.')
    await bo.page.context().setOffline(false)
    await bo.sits()
    await ada.page.locator('#others .player:not(.away)[data-name="Bo"]').waitFor()
    expect(await bo.hand()).toEqual(hand)
    await bo.move()
    await ada.turn(true)
    await network.detach()
  })

  test('who leaves ends a round of two; whose tab was closed has left when the seat is not kept any more', async () => {
    const [ada, bo, cy] = await round('Ada', 'Bo', 'Cy')
    await bo.page.close()
    await ada.page.locator('#others .player.away[data-name="Bo"]').waitFor()
    await ada.other('Bo').waitFor({ state: 'detached' })
    await cy?.turn(true)
    await cy?.page.locator('#leave').click()
    await cy?.page.locator('#start').waitFor()
    await ada.page.locator('#lounge h2', { hasText: 'The round is over' }).waitFor()
    await ada.page.locator('.big-code', { hasText: ada.code.slice(3) }).waitFor()
  })

  test('a turn ends by itself', async () => {
    const [ada, bo] = await Promise.all([arrive('Ada', hasty.url), arrive('Bo', hasty.url)])
    await ada.sitDown('play-anyone')
    await bo.sitDown('play-anyone')
    await ada.page.locator('#deal').click()
    await bo.turn(true)
    await ada.turn(true)
    await ada.page.locator('#log li', { hasText: 'Bo has run out of time.' }).waitFor()
    await bo.page.locator('#hand .card:nth-child(1)').waitFor()
    await expect.poll(async () => (await bo.hand()).length).toBe(8)
  })
})
