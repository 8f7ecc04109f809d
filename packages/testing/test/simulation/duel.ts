import { call, defineRoom, t } from '@junto/schema'

/** Rooms that are found instead of opened: by what they are, from lists, by codes. */
export const Duel = defineRoom('duel', {
  version: 1,
  join: t.Object({ who: t.String() }),
  /** `wish` is what was looked for by the page that caused the room, as a text; none where a room was wanted in any case. */
  options: t.Object({ mode: t.String(), level: t.Uint8(), page: t.String(), wish: t.Optional(t.String()) }),
  metadata: t.Object({ mode: t.String(), level: t.Uint8() }),
  user: t.Object({ id: t.String() }),
  state: t.Object({ turns: t.Uint32(), players: t.Map(t.Uint32()) }),
  presence: t.Object({ n: t.Uint32() }),
  clientToServer: { turn: call({ result: t.Uint32() }) },
  serverToClient: {},
})

export type Duel = typeof Duel

/** What a duel is. */
export interface Tags {
  readonly mode: string
  readonly level: number
}

/** What is looked for, in the words of `where`. */
export interface DuelWhere {
  readonly mode?: string
  readonly level?: number | { readonly from: number; readonly to: number } | { readonly in: readonly number[] }
}

/** A wish, and what the room is that is made where none is found. */
export interface DuelWish {
  readonly where: DuelWhere
  readonly orderBy?: { readonly level: 'asc' | 'desc' } | { readonly members: 'asc' | 'desc' }
  readonly tags: Tags
}

/** A few wishes, so that several want the same, and some want what fits the wishes of others. */
export const wishes: readonly DuelWish[] = [
  { where: {}, tags: { mode: 'fun', level: 0 } },
  { where: { mode: 'fun' }, orderBy: { members: 'desc' }, tags: { mode: 'fun', level: 1 } },
  { where: { mode: 'ranked', level: 1 }, tags: { mode: 'ranked', level: 1 } },
  {
    where: { mode: 'ranked', level: { from: 1, to: 2 } },
    orderBy: { level: 'desc' },
    tags: { mode: 'ranked', level: 2 },
  },
  { where: { level: { in: [0, 2] } }, orderBy: { members: 'asc' }, tags: { mode: 'ranked', level: 0 } },
]

/** Whether a room is what is looked for: as the documentation says it, and in no word as the server does. */
export function isWanted({ mode, level }: DuelWhere, tags: Tags | undefined): boolean {
  if (tags === undefined) return mode === undefined && level === undefined
  if (mode !== undefined && mode !== tags.mode) return false
  if (level === undefined) return true
  if (typeof level === 'number') return tags.level === level
  return 'in' in level ? level.in.includes(tags.level) : level.from <= tags.level && tags.level <= level.to
}
