import { byId } from '../../../stage/page/element.ts'
import { randomText } from '../../../stage/page/names.ts'
import { chosenKind, offerKinds } from '../kinds.ts'
import type { NewRoom } from '../link/room-link.ts'

/** The dialog that asks what a new room shall be; `made` is called when that was said. */
export function offerNewRoom(made: (room: NewRoom) => void): void {
  const dialog = byId('new-room', HTMLDialogElement)
  const topic = byId('new-topic', HTMLInputElement)
  const seats = byId('new-seats', HTMLInputElement)
  const secret = byId('new-secret', HTMLInputElement)
  const kinds = byId('new-kinds', HTMLFieldSetElement)
  offerKinds(kinds, 'new-kind', false)
  byId('make', HTMLButtonElement).addEventListener('click', () => {
    topic.value = ''
    secret.checked = false
    dialog.showModal()
  })
  byId('new-cancel', HTMLButtonElement).addEventListener('click', () => dialog.close())
  dialog.querySelector('form')?.addEventListener('submit', () => {
    const title = topic.value.trim()
    if (title === '') return
    made({
      topic: title,
      kind: chosenKind(kinds) ?? 'talk',
      seats: seats.valueAsNumber,
      secret: secret.checked,
      mark: randomText(16),
    })
  })
}
