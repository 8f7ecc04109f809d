import { describe, expect, it } from 'vitest'
import { pageEvents, type PageEvent, type PageScope } from './page-events.ts'

/** A window that a test moves. */
class FakePage extends EventTarget implements PageScope {
  readonly document = { visibilityState: 'visible' }
  readonly navigator = { onLine: true }
}

function listening(): { page: FakePage; heard: PageEvent[]; stop: () => void } {
  const page = new FakePage()
  const heard: PageEvent[] = []
  return { page, heard, stop: pageEvents(page).listen((event) => heard.push(event)) }
}

const transition = (type: string, persisted: boolean): Event => Object.assign(new Event(type), { persisted })

describe("a page's events", () => {
  it.each<[string, (page: FakePage) => unknown, PageEvent[]]>([
    ['the network goes', (page) => page.dispatchEvent(new Event('offline')), ['offline']],
    ['the network comes', (page) => page.dispatchEvent(new Event('online')), ['online']],
    ['it ends', (page) => page.dispatchEvent(transition('pagehide', false)), ['unloading']],
    ['it goes into the cache', (page) => page.dispatchEvent(transition('pagehide', true)), ['suspended']],
    ['it comes back from there', (page) => page.dispatchEvent(transition('pageshow', true)), ['resumed']],
    ['it was loaded', (page) => page.dispatchEvent(transition('pageshow', false)), []],
    ['it is frozen', (page) => page.dispatchEvent(new Event('freeze')), ['suspended']],
    ['it is thawed', (page) => page.dispatchEvent(new Event('resume')), ['resumed']],
    [
      'it is covered and looked at again',
      (page) => {
        for (const state of ['hidden', 'visible']) {
          page.document.visibilityState = state
          page.dispatchEvent(new Event('visibilitychange'))
        }
      },
      ['hidden', 'visible'],
    ],
  ])('%s', (_what, happen, expected) => {
    const { page, heard, stop } = listening()
    happen(page)
    expect(heard).toEqual(expected)
    stop()
    happen(page)
    expect(heard).toEqual(expected)
  })

  it('say whether there is a network', () => {
    const page = new FakePage()
    const events = pageEvents(page)
    expect(events.offline).toBe(false)
    page.navigator.onLine = false
    expect(events.offline).toBe(true)
  })

  it('are known in workers, which have no document', () => {
    const worker = Object.assign(new EventTarget(), { navigator: {} })
    const heard: PageEvent[] = []
    const events = pageEvents(worker)
    events.listen((event) => heard.push(event))
    worker.dispatchEvent(new Event('online'))
    expect(heard).toEqual(['online'])
    expect(events.offline).toBe(false)
  })

  it('are none where there is no page', () => {
    const events = pageEvents()
    expect(events.offline).toBe(false)
    events.listen(() => expect.unreachable())()
  })
})
