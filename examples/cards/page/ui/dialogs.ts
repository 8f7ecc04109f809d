import { byId, make } from '../../../stage/page/element.ts'
import { suits, type Suit } from '../../rules.ts'
import { suitName } from '../words.ts'
import { coloured } from './card.ts'

const dialog = byId('suit-dialog', HTMLDialogElement)

/** Asks for the suit that shall follow an eight; `undefined`: none, the eight stays in the hand. */
export function askSuit(): Promise<Suit | undefined> {
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(suits.find((suit) => suit === dialog.returnValue)), { once: true })
  })
}

/** Takes the question back: the turn is over. */
export function dropSuitQuestion(): void {
  if (dialog.open) dialog.close('')
}

/** Says that this page is not at the table any more. */
export function showGone(message: string): void {
  const gone = byId('over-dialog', HTMLDialogElement)
  gone.querySelector('.lead')?.replaceChildren(message)
  if (!gone.open) gone.showModal()
}

/** Makes the buttons of the page's dialogs work. */
export function prepareDialogs(): void {
  dialog.querySelector('.suits')?.replaceChildren(
    ...suits.map((suit) => {
      const button = make('button', 'suit-choice', coloured(suit), suitName(suit))
      button.dataset['suit'] = suit
      button.addEventListener('click', () => dialog.close(suit))
      return button
    }),
  )
  dialog.querySelector('.plain')?.addEventListener('click', () => dialog.close(''))
  dialog.addEventListener('keydown', ({ key }) => {
    const suit = suits.find((each) => each === key.toUpperCase())
    if (suit !== undefined) dialog.close(suit)
  })
  const rules = byId('rules-dialog', HTMLDialogElement)
  for (const button of document.querySelectorAll('[data-rules]'))
    button.addEventListener('click', () => rules.showModal())
}
