import { remember as keep, remembered as kept } from '../../stage/page/memory.ts'

type Key = 'name' | 'appearance' | 'boards'

/** What was kept under that key. */
export const remembered = (key: Key): string | undefined => kept(`junto.${key}`)

/** Keeps a text, or forgets it. */
export const remember = (key: Key, text: string | undefined): void => keep(`junto.${key}`, text)

const mostBoards = 8

/** The boards visited last, newest first. */
export function recentBoards(): string[] {
  const boards: unknown = parse(remembered('boards') ?? '[]')
  return Array.isArray(boards) ? boards.filter((board) => typeof board === 'string').slice(0, mostBoards) : []
}

/** Notes a visit. */
export function visited(board: string): void {
  remember('boards', JSON.stringify([board, ...recentBoards().filter((other) => other !== board)].slice(0, mostBoards)))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
