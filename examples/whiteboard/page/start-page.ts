import { doodle } from './doodle.ts'
import { recentBoards } from './memory.ts'
import { boardKey, boardTitle, someBoard } from './names.ts'
import { keepAppearance } from './ui/appearance.ts'
import { byId, make } from '../../stage/page/element.ts'

/** The address of a board's page. */
export function boardAddress(key: string): string {
  return `/b/${encodeURIComponent(key)}`
}

/** Where boards are made and found again. */
export function showStartPage(): void {
  byId('start', HTMLElement).hidden = false
  keepAppearance(doodle(byId('doodle', HTMLCanvasElement)))
  const name = byId('board-name', HTMLInputElement)
  byId('new-board', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    location.assign(boardAddress(boardKey(name.value) || someBoard()))
  })
  const boards = recentBoards()
  byId('recent', HTMLElement).hidden = boards.length === 0
  byId('recent', HTMLElement)
    .querySelector('ul')
    ?.replaceChildren(
      ...boards.map((key) => {
        const link = make('a', '', boardTitle(key))
        link.href = boardAddress(key)
        return make('li', '', link)
      }),
    )
  name.focus()
}
