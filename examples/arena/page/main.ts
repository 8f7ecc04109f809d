import { copied } from '../../stage/page/clipboard.ts'
import { byId } from '../../stage/page/element.ts'
import { randomText, someName } from '../../stage/page/names.ts'
import { Game } from './game.ts'
import { ArenaLink } from './link.ts'
import { rememberedName, rememberName } from './memory.ts'

const link = new ArenaLink()
const game = new Game(link, (why) => {
  show(why)
  playButton.focus()
})
const start = byId('start', HTMLElement)
const form = byId('start-form', HTMLFormElement)
const field = byId('name', HTMLInputElement)
const playButton = byId('play', HTMLButtonElement)
const friends = byId('play-friends', HTMLButtonElement)
const trouble = byId('start-trouble', HTMLParagraphElement)
const invite = byId('invite', HTMLButtonElement)

field.value = rememberedName()
// No longer than a name may be.
field.placeholder = someName().slice(0, field.maxLength)
show('')
field.focus()

form.addEventListener('submit', (submitted) => {
  submitted.preventDefault()
  void play()
})
friends.addEventListener('click', () => {
  history.replaceState(undefined, '', `/a/${randomText(8)}`)
  void play()
})
invite.addEventListener('click', () => void copyLink())

/** The field that the page's address names: only who has the address plays there. */
function fieldOfFriends(): string | undefined {
  return /^\/a\/([^/]+)$/.exec(location.pathname)?.[1]
}

/** Shows the start. `why`: what went wrong; empty when nothing did. */
function show(why: string): void {
  const key = fieldOfFriends()
  start.hidden = false
  friends.hidden = key !== undefined
  byId('invited', HTMLParagraphElement).hidden = key === undefined
  trouble.hidden = why === ''
  trouble.textContent = why
}

async function play(): Promise<void> {
  const key = fieldOfFriends()
  const name = field.value.trim() || field.placeholder
  show('')
  form.inert = true
  playButton.textContent = 'Coming in…'
  try {
    await link.join(name, key, () => game.controls.input)
    rememberName(name)
    start.hidden = true
    invite.hidden = key === undefined
    game.begin()
  } catch (error) {
    show(error instanceof Error ? error.message : String(error))
  } finally {
    form.inert = false
    playButton.textContent = 'Play'
  }
}

async function copyLink(): Promise<void> {
  invite.textContent = (await copied(location.href)) ? 'Link copied' : location.href
  setTimeout(() => (invite.textContent = 'Copy link for friends'), 4_000)
}

// For the console of whoever is curious, and for tests: what is drawn.
Object.assign(globalThis, { arena: { fighters: () => [...link.fighters()], figures: () => link.figures } })
