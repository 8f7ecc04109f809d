import { byId } from '../../../stage/page/element.ts'
import type { Notices } from './notices.ts'

/** The button that copies the board's address. */
export function offerLink(notices: Notices): void {
  byId('share', HTMLButtonElement).addEventListener('click', () => {
    void copy(location.href).then((copied) => {
      notices.say(copied ? 'Link copied. Whoever opens it draws here too.' : `The link to this board: ${location.href}`)
    })
  })
}

async function copy(text: string): Promise<boolean> {
  try {
    // Absent on pages without TLS that are not on this machine.
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
