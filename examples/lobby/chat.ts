// What server and page must agree on beside the contract. Imports nothing, so that the page holds no TypeBox.

/** Where on the page's own host the server listens for WebSockets. */
export const livePath = '/live'

/** What a room is for: what the lobby can be narrowed to. */
export const kinds = ['talk', 'play', 'make', 'learn'] as const

/** One of {@link kinds}. */
export type Kind = (typeof kinds)[number]

/** The colours that stand for people, each a tone of the style sheet. */
export const personColors = 6

export const bounds = {
  name: 40,
  topic: 60,
  /** Characters of one message. */
  text: 600,
  /** Messages that a room keeps; the oldest go. */
  messages: 200,
  /** People in one room. */
  seats: { least: 2, most: 50 },
} as const

/** Milliseconds for which somebody counts as typing behind the last key. */
export const typingFor = 3_000
