// What this browser keeps between visits. A browser that keeps nothing (private windows, full disks) does no harm.

const key = 'arena.name'

/** The name that was told here before; empty when there is none. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

/** Keeps the name for the next visit. */
export function rememberName(name: string): void {
  try {
    localStorage.setItem(key, name)
  } catch {
    return
  }
}
