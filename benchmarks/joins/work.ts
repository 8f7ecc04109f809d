import { createHmac, timingSafeEqual } from 'node:crypto'

// What every peer does about a client that comes.

/** Clients of one room. */
export const roomSize = 50

/** The room of the n-th client. */
export const roomOf = (n: number): string => `room-${Math.floor(n / roomSize)}`

export interface Player {
  name: string
  x: number
  y: number
}

/** The state of each room. */
export function firstPlayers(): Record<string, Player> {
  return Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`player-${i}`, { name: `Player ${i}`, x: i * 12.25, y: i * 7.5 }]),
  )
}

/** Whether a client got that state. */
export function isFirstState(count: number, x: number | undefined): boolean {
  return count === 20 && x === 19 * 12.25
}

const key = 'the key of this benchmark'
const signature = (id: string): string => createHmac('sha256', key).update(id).digest('base64url')

/** A token that {@link authenticate} accepts. */
export const tokenOf = (id: string): string => `${id}.${signature(id)}`

/** Verifies a signed token, as servers do; asynchronous, as they are. */
export async function authenticate(token: string | undefined): Promise<{ id: string } | undefined> {
  const [id = '', signed = ''] = token?.split('.') ?? []
  const [is, should] = [Buffer.from(signed), Buffer.from(signature(id))]
  return is.length === should.length && timingSafeEqual(is, should) ? { id } : undefined
}
