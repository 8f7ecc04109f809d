import { bounds } from '../board.ts'

const kinds = [
  'Brave',
  'Bright',
  'Calm',
  'Curious',
  'Gentle',
  'Happy',
  'Kind',
  'Lively',
  'Merry',
  'Quick',
  'Quiet',
  'Sunny',
]
const animals = [
  'Badger',
  'Beaver',
  'Falcon',
  'Finch',
  'Fox',
  'Heron',
  'Lynx',
  'Marten',
  'Otter',
  'Owl',
  'Robin',
  'Swan',
]

/** A friendly name for somebody who has told none. */
export function someName(): string {
  return `${pick(kinds)} ${pick(animals)}`
}

/** The key of a new board: readable, and hard to guess. */
export function someBoard(): string {
  return `${pick(kinds)}-${pick(animals)}-${randomText(6)}`.toLowerCase()
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

/** At most two letters for somebody. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  return (firstLetter(words[0]) + (words.length > 1 ? firstLetter(words.at(-1)) : '')).toUpperCase()
}

// What a reader takes for one sign may be several characters.
const signs = new Intl.Segmenter()

function firstLetter(word: string | undefined): string {
  for (const { segment } of signs.segment(word ?? '')) return segment
  return '?'
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789'

/** Random letters and digits. */
export function randomText(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => letters[byte % letters.length]).join('')
}

function pick(from: readonly string[]): string {
  return from[(crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % from.length] ?? ''
}
