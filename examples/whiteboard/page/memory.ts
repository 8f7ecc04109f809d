// What this browser keeps between visits. A browser that keeps nothing (private windows, full disks) does no harm.

type Key = 'name' | 'appearance' | 'boards'

/** What was kept under that key. */
export function remembered(key: Key): string | undefined {
  try {
    return localStorage.getItem(`junto.${key}`) ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps a text, or forgets it. */
export function remember(key: Key, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(`junto.${key}`)
    else localStorage.setItem(`junto.${key}`, text)
  } catch {
    return
  }
}

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
