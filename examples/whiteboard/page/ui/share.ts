import { byId } from '../../../stage/page/element.ts'
import { copied } from '../../../stage/page/clipboard.ts'
import type { Notices } from './notices.ts'

/** The button that copies the board's address. */
export function offerLink(notices: Notices): void {
  byId('share', HTMLButtonElement).addEventListener('click', () => {
    void copied(location.href).then((isCopied) => {
      notices.say(
        isCopied ? 'Link copied. Whoever opens it draws here too.' : `The link to this board: ${location.href}`,
      )
    })
  })
}
