import { byId } from '../../stage/page/element.ts'
import { TableLink } from './link.ts'
import { rememberedName } from './memory.ts'
import { StartPage } from './start-page.ts'
import { TablePage } from './table-page.ts'
import { prepareDialogs } from './ui/dialogs.ts'

const link = new TableLink()
const start = new StartPage({
  sit: async (way, name) => {
    await link.sit(way, name)
    const { code } = link.state ?? { code: '' }
    history.pushState(undefined, '', `/t/${code}`)
    showTable()
  },
})

prepareDialogs()
// The browser's way back is the way out.
addEventListener('popstate', () => void link.leave().finally(() => location.reload()))

const invited = /^\/t\/(\w+)/.exec(location.pathname)?.[1] ?? ''
if (invited !== '' && rememberedName() !== '') void comeBack(invited)
else start.show(invited, '')

/** Whoever has told a name before sits down at once: with a link, or at the seat that the page before this one had. */
async function comeBack(code: string): Promise<void> {
  const coming = byId('coming', HTMLParagraphElement)
  coming.hidden = false
  try {
    await link.sit({ by: 'code', code }, rememberedName())
    showTable()
  } catch (error) {
    history.replaceState(undefined, '', '/')
    start.show('', error instanceof Error ? error.message : String(error))
  } finally {
    coming.hidden = true
  }
}

function showTable(): void {
  new TablePage(link).begin()
}
