import type { TypeDef, TypeIndex } from '../../layout.ts'
import { absent } from '../mirror-node.ts'
import type { MirrorSpace } from '../mirror-space.ts'
import { alike } from './alike.ts'
import type { Change, Journal } from './journal.ts'

/** What an edit has shown in one place. */
export interface Effect<E> {
  readonly edit: E
  readonly change: Change
  /** What had stood there. */
  readonly before: unknown
  /** A copy: what is tracked is changed in place. */
  readonly shown: unknown
}

/**
 * What edits have shown: in each place that they wrote to, by the last of them that did. The state is as they left it.
 *
 * @param edits The oldest first.
 */
export function effectsOf<E extends { readonly journal: Journal }>(
  space: MirrorSpace,
  edits: readonly E[],
): Effect<E>[] {
  const effects = new Map<Change['of'], Map<string, Effect<E>>>()
  for (const edit of edits) {
    for (const { change } of edit.journal.steps) {
      if (change === undefined) continue
      const { of, key = '' } = change
      if (!of.stands) continue
      const places = effects.get(of) ?? new Map<string, Effect<E>>()
      effects.set(of, places)
      // Of a list, what stood there before the first of its writes.
      if (places.get(key)?.edit === edit) continue
      places.set(key, { edit, change, before: change.before, shown: copyOf(space, standsIn(change)) })
    }
  }
  return Array.from(effects.values()).flatMap((places) => Array.from(places.values()))
}

/** Whether the server has made the same of it. */
export function isConfirmed(
  { change, before, shown }: Effect<unknown>,
  space: MirrorSpace,
  types: readonly TypeDef[],
): boolean {
  const { of } = change
  if (space.of(of.node.value) !== of.node) return false
  const type = of.typeOf(change.key ?? '')
  if (type === undefined) return false
  const now = standsIn(change)
  if (change.key === undefined) return isListConfirmed(types, type, itemsOf(before), itemsOf(shown), itemsOf(now))
  if (shown === absent || now === absent) return shown === now
  return alike(types, type, shown, now)
}

/** Others may have written to the list: what was put there has to stand there, and what was taken out not. */
function isListConfirmed(
  types: readonly TypeDef[],
  type: TypeIndex,
  before: readonly unknown[],
  shown: readonly unknown[],
  now: readonly unknown[],
): boolean {
  const like = (one: unknown, other: unknown): boolean => alike(types, type, one, other)
  if (shown.length === now.length && shown.every((item, index) => like(item, now[index]))) return true
  const isIn = (items: readonly unknown[], item: unknown): boolean => items.some((other) => like(item, other))
  const isAsShown = (item: unknown): boolean => isIn(shown, item) === isIn(now, item)
  return (
    shown.every((item) => isIn(before, item) || isAsShown(item)) &&
    before.every((item) => isIn(shown, item) || isAsShown(item))
  )
}

function standsIn({ of, key }: Change): unknown {
  return key === undefined ? of.node.value : of.valueAt(key)
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function copyOf(space: MirrorSpace, value: unknown): unknown {
  const node = space.of(value)
  if (node === undefined) return value
  const copy = (part: unknown): unknown => copyOf(space, part)
  if (node.kind === 'list') return node.value.map(copy)
  if (node.kind === 'map') return new Map(Array.from(node.value, ([key, part]) => [key, copy(part)]))
  return Object.fromEntries(Object.entries(node.value).map(([name, part]) => [name, copy(part)]))
}
