import { someName } from '../../stage/page/names.ts'

const key = 'junto.name'

/** The name that this browser's person has told, or a made-up one. A browser that keeps nothing (private windows) does no harm. */
export function ownName(): string {
  try {
    return localStorage.getItem(key) ?? keepName(someName())
  } catch {
    return someName()
  }
}

/** Keeps a name between visits, and returns it. */
export function keepName(name: string): string {
  try {
    localStorage.setItem(key, name)
  } catch {
    // It lasts as long as the page.
  }
  return name
}
