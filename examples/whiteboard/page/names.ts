import { randomText, someName } from '../../stage/page/names.ts'
import { bounds } from '../board.ts'

/** The key of a new board: readable, and hard to guess. */
export function someBoard(): string {
  return boardKey(`${someName()} ${randomText(6)}`)
}

/** The key that a board's name makes: what the address of the page ends with. Empty when the name has nothing to it. */
export function boardKey(name: string): string {
  const words =
    name
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return words.join('-').slice(0, bounds.title).replace(/-+$/, '')
}

/** What stands at the top of a board of that key. */
export function boardTitle(key: string): string {
  const words = key.split('-').join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
