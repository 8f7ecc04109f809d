import { join } from 'node:path'
import { JuntoClient } from '@junto/client'
import type { Browser } from 'playwright-core'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { describeInBrowser, isLongRun, launchBrowser } from '../../stage/test/browser.ts'
import { buildPage, ServerProcess } from '../../stage/test/server-process.ts'
import { Eights } from '../contract.ts'
import { Player } from './player.ts'

const folder = join(import.meta.dirname, '..')
// Shorter than the defaults, so that nobody waits long for a lost connection to be noticed.
const watchful = { heartbeat: 2_000, activeHeartbeat: 1_500, pongTimeout: 1_500 }

describeInBrowser('the card table', () => {
  let browser: Browser
  let server: ServerProcess
  /** One at which neither turns nor seats wait for anybody. */
  let hasty: ServerProcess
  let players: Player[] = []

  beforeAll(async () => {
    await buildPage(folder)
    ;[browser, server, hasty] = await Promise.all([
      launchBrowser(),
      ServerProcess.start(folder, { LIMITS: JSON.stringify(watchful), TURN: '60' }),
      ServerProcess.start(folder, { LIMITS: JSON.stringify({ resumeWindow: 1_000 }), TURN: '1.5' }),
    ])
    return async () => {
      await browser.close()
      expect(await Promise.all([server.end('SIGTERM'), hasty.end('SIGTERM')])).toEqual([0, 0])
    }
  })

  afterEach(async () => {
    await Promise.all(players.map((player) => player.leave()))
    players = []
    expect([...server.complaints, ...hasty.complaints]).toEqual([])
  })

  async function arrive(name: string, options: Parameters<typeof Player.arrive>[3] = {}, at = server.url) {
    const player = await Player.arrive(browser, at, name, options)
    players.push(player)
    return player
  }

  /** Two at a table for friends, with cards dealt: it is the second one's turn. */
  async function round(): Promise<readonly [ada: Player, bo: Player]> {
    const [ada, bo] = await Promise.all([arrive('Ada'), arrive('Bo')])
    await ada.sitDown('play-friends')
    await bo.sitDown('play-code', ada.code)
    await ada.page.locator('#deal').click()
    await bo.turn(true)
    return [ada, bo]
  }

  test('two windows play to the end, by hand, by keys, and kindly told what does not go', async () => {
    const [ada, bo] = await round()
    const both = [ada, bo]
    await expect.poll(async () => (await ada.hand()).length).toBe(7)
    expect(await ada.other('Bo').getAttribute('data-held')).toBe('7')

    await ada.page.locator('#hand .card').first().click()
    await ada.isTold('It is Bo’s turn.')

    const { keyboard } = bo.page
    await keyboard.press('d')
    await bo.page.locator('#pass:enabled').waitFor()
    const hand = await bo.hand()
    expect(hand).toHaveLength(8)
    const misfit = await bo.first('#hand .idle')
    if (misfit !== undefined) {
      await bo.page.locator(`#hand [data-card="${misfit}"]`).click()
      await bo.isTold(/does not fit: it takes/)
      expect(await bo.hand()).toEqual(hand)
    }
    await keyboard.press('ArrowRight')
    await keyboard.press('Home')
    expect(await bo.focused()).toBe(hand[0])
    await keyboard.press('ArrowLeft')
    expect(await bo.focused()).toBe(hand[7])
    const fitting = await bo.first('#hand .fits')
    if (fitting === undefined) await keyboard.press('p')
    else {
      await keyboard.press('Home')
      for (let at = 0; at < hand.indexOf(fitting); at++) await keyboard.press('ArrowRight')
      await keyboard.press('Enter')
      if (fitting.startsWith('8')) await keyboard.press('c')
    }
    await bo.turn(false)
    // Who plays by keys has the next card under their finger.
    if (fitting !== undefined) expect(await bo.hand()).toContain(await bo.focused())

    for (const mover of [ada, bo]) {
      await mover.turn(true)
      await mover.move()
      const [adas, bos] = await Promise.all([ada.faces(), bo.faces()])
      // The own hand, the last card that was played, and the one below it: no other face is in a page.
      const known = new Set([...adas.onTable, ...bos.onTable])
      expect(adas.elsewhere).toEqual(await ada.hand())
      expect(bos.elsewhere).toEqual(await bo.hand())
      expect(adas.elsewhere.filter((card) => bos.elsewhere.includes(card) || known.has(card))).toEqual([])
    }

    for (const player of both) await player.playOn()
    for (const player of both) await player.page.locator('#lounge h2', { hasText: /won the (round|game)/ }).waitFor()
    expect(await ada.page.locator('.scores li').count()).toBe(2)
    expect(await ada.other('Bo').getAttribute('data-held')).toMatch(/^(0|[1-9]\d*)$/)
  })

  test('strangers meet, three play, and a program at their table gets no hand but its own', async () => {
    const [ada, bo] = await Promise.all([arrive('Ada'), arrive('Bo')])
    await ada.sitDown('play-anyone')
    await bo.sitDown('play-anyone')
    expect(bo.code).toBe(ada.code)
    const client = new JuntoClient({ url: `${server.url.replace('http', 'ws')}/live` })
    try {
      const spy = await client.joinByCode(Eights, ada.code, { join: { name: 'Spy' } })
      spy.on('happened', () => {})
      await ada.other('Spy').waitFor()
      await bo.page.locator('#deal').click()
      // The next seat is the program's.
      await expect.poll(() => spy.state.turn).toBe(spy.memberId)
      const hands = (): (number | undefined)[] => [...spy.state.seats.values()].map(({ hand }) => hand?.length)
      expect(hands()).toEqual([undefined, undefined, 5])
      await spy.call.draw()
      await spy.call.pass()
      for (const player of [ada, bo]) {
        await player.turn(true)
        await player.move()
      }
      await expect.poll(() => spy.state.turn).toBe(spy.memberId)
      expect(hands()).toEqual([undefined, undefined, 6])
    } finally {
      await client.close()
    }
    await ada.other('Spy').waitFor({ state: 'detached' })
    // Who leaves by the button is gone at once, and with one player there is no round.
    await bo.page.locator('#leave').click()
    await bo.page.locator('#start').waitFor()
    await ada.page.locator('#lounge h2', { hasText: 'The round is over' }).waitFor()
    expect((await ada.page.locator('.big-code').textContent())?.replace(' ', '')).toBe(ada.code)
    await bo.page.locator('#code').fill('000 000')
    await bo.page.locator('#play-code').click()
    await bo.page.locator('#start-trouble', { hasText: 'There is no table of this code' }).waitFor()
  })

  test('a page that is loaded again in its own turn, or loses its connection, has seat, cards and turn as before', async () => {
    const [ada, bo] = await round()
    const hand = await bo.hand()
    await bo.page.reload()
    await bo.sits()
    await bo.turn(true)
    expect(await bo.hand()).toEqual(hand)
    await ada.isToldOf('Bo is back.')
    expect(await ada.page.locator('#log li', { hasText: /Bo (sits down|has left)/ }).count()).toBe(1)

    await bo.page.context().setOffline(true)
    await bo.isTold('You are offline.')
    await bo.page.locator('#draw').click()
    await bo.isTold('You are not connected.')
    await ada.page.locator('#others .player.away[data-name="Bo"]').waitFor()
    await bo.page.context().setOffline(false)
    await bo.sits()
    await ada.page.locator('#others .player:not(.away)[data-name="Bo"]').waitFor()
    expect(await bo.hand()).toEqual(hand)
    await bo.move()
    await ada.turn(true)
  })

  test.runIf(isLongRun)('on a phone all of it is within the window, however many cards there are', async () => {
    const ada = await arrive('Ada')
    await ada.sitDown('play-friends')
    const phone = await arrive(
      'Bo',
      { viewport: { width: 360, height: 640 }, hasTouch: true },
      `${server.url}/t/${ada.code}`,
    )
    // Invited by the link: the code is there already.
    await phone.page.locator('#name').fill('Bo')
    await phone.page.locator('#play-code').tap()
    await phone.sits()
    await phone.page.locator('#deal').tap()
    for (let cards = 8; cards <= 12; cards++) {
      for (const player of [ada, phone]) {
        await player.turn(true)
        await player.page.locator('#draw').click()
        await player.page.locator('#pass:enabled').waitFor()
        if (player === phone && cards === 12) break
        await player.page.locator('#pass').click()
      }
    }
    expect(await phone.hand()).toHaveLength(12)
    expect(await phone.outside()).toEqual([])
  })

  test.runIf(isLongRun)(
    'a turn ends by itself, and whose tab was closed has left when the seat is not kept any more',
    async () => {
      const [ada, bo] = await Promise.all([arrive('Ada', {}, hasty.url), arrive('Bo', {}, hasty.url)])
      await ada.sitDown('play-anyone')
      await bo.sitDown('play-anyone')
      await ada.page.locator('#deal').click()
      await bo.turn(true)
      await ada.isToldOf('Bo has run out of time.')
      await expect.poll(async () => (await bo.hand()).length).toBeGreaterThan(7)
      await bo.page.close()
      await ada.page.locator('#others .player.away[data-name="Bo"]').waitFor()
      await ada.other('Bo').waitFor({ state: 'detached' })
      await ada.page.locator('#lounge h2', { hasText: 'The round is over' }).waitFor()
    },
  )
})
