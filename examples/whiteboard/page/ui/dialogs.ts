import { remember, remembered } from '../memory.ts'
import { someName } from '../../../stage/page/names.ts'
import { byId } from '../../../stage/page/element.ts'

const dialog = byId('name-dialog', HTMLDialogElement)
const field = byId('name', HTMLInputElement)

/** The name of the person here: theirs, or a made-up one until they have told it. */
export function ownName(): { name: string; told: boolean } {
  const name = remembered('name')
  return name === undefined ? { name: someName(), told: false } : { name, told: true }
}

/** Asks for the name; `tell` gets it, once, unless it stays as it was. */
export function askName(present: string, tell: (name: string) => void): void {
  field.value = present
  dialog.addEventListener(
    'close',
    () => {
      const name = field.value.trim() || present
      remember('name', name)
      if (name !== present) tell(name)
    },
    { once: true },
  )
  if (!dialog.open) dialog.showModal()
  field.select()
}

/** Says that the board cannot be opened; `retry` is for the button. */
export function showRefusal(heading: string, reason: string, retry: () => void): void {
  const refusal = byId('refusal', HTMLDialogElement)
  refusal.querySelector('h2')?.replaceChildren(heading)
  refusal.querySelector('.lead')?.replaceChildren(reason)
  byId('refusal-retry', HTMLButtonElement).onclick = () => {
    refusal.close()
    retry()
  }
  if (!refusal.open) refusal.showModal()
}
