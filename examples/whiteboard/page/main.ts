import { openBoard } from './board-page.ts'
import { boardKey } from './names.ts'
import { boardAddress, showStartPage } from './start-page.ts'

/** The board that the address names: /b/NAME, or for a link typed by hand ?board=NAME or #NAME. */
function boardOfAddress(): string {
  const named = /^\/b\/([^/]+)/.exec(location.pathname)?.[1]
  const asked = new URLSearchParams(location.search).get('board')
  return boardKey(decode(named ?? asked ?? location.hash.slice(1)))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const key = boardOfAddress()
if (key === '') {
  showStartPage()
} else {
  if (location.pathname !== boardAddress(key)) history.replaceState(undefined, '', boardAddress(key))
  openBoard(key)
}
