import { byId } from '../../stage/page/element.ts'
import { randomText, someName } from '../../stage/page/names.ts'
import { Game } from './game.ts'
import { ArenaLink } from './link.ts'
import { rememberedName, rememberName } from './memory.ts'

const link = new ArenaLink()
const game = new Game(link)
const start = byId('start', HTMLElement)
const form = byId('start-form', HTMLFormElement)
const field = byId('name', HTMLInputElement)
const trouble = byId('start-trouble', HTMLParagraphElement)
const friends = byId('play-friends', HTMLButtonElement)

field.value = rememberedName()
field.placeholder = someName().slice(0, 16)
field.focus()

/** The field that the page's address names: only who has the address plays there. */
const invited = /^\/a\/([^/]+)$/.exec(location.pathname)?.[1]
if (invited !== undefined) friends.hidden = true

field.required = false
form.addEventListener('submit', (submitted) => {
  submitted.preventDefault()
  void play(invited)
})
friends.addEventListener('click', () => {
  const key = randomText(8)
  history.replaceState(undefined, '', `/a/${key}`)
  void play(key)
})

async function play(key: string | undefined): Promise<void> {
  const name = field.value.trim() || field.placeholder
  trouble.hidden = true
  form.inert = true
  try {
    await link.join(name, key, () => game.controls.input)
    rememberName(name)
    start.hidden = true
    game.begin()
  } catch (error) {
    trouble.textContent = error instanceof Error ? error.message : String(error)
    trouble.hidden = false
  } finally {
    form.inert = false
  }
}

// For the console of whoever is curious, and for tests: what is drawn.
Object.assign(globalThis, { arena: { fighters: () => [...link.fighters()], figures: () => link.figures } })
