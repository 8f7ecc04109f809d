import { remember, remembered } from '../../stage/page/memory.ts'
import { someName } from '../../stage/page/names.ts'

const key = 'junto.name'

/** The name that this browser's person has told, or a made-up one. */
export const ownName = (): string => remembered(key) ?? keepName(someName())

/** Keeps a name between visits, and returns it. */
export function keepName(name: string): string {
  remember(key, name)
  return name
}
