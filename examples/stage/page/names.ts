// Names for people who have told none, and what stands for a name.

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

/** A friendly name for somebody who has told none: "Quiet Otter". */
export function someName(): string {
  return `${pick(kinds)} ${pick(animals)}`
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
