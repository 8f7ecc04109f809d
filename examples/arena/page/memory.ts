import { remember, remembered } from '../../stage/page/memory.ts'

const key = 'arena.name'

/** The name that was told here before; empty when there is none. */
export const rememberedName = (): string => remembered(key) ?? ''

/** Keeps the name for the next visit. */
export const rememberName = (name: string): void => remember(key, name)
