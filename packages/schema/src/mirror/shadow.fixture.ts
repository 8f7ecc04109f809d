import { expect } from 'vitest'
import type { CompiledLayout } from '../compiled-layout.ts'
import { difference } from '../state/random-state.fixture.ts'
import { select } from './mirror-selection.ts'
import type { MirrorTree } from './mirror-tree.ts'

/** Keeps what listeners say of a selection, and checks that they say it coherently. */
class Shadow {
  readonly entries = new Map<unknown, unknown>()
  /** Entries that were said to have changed since the last patch. */
  #changed = new Set<unknown>()

  constructor(mirror: MirrorTree, select: (state: unknown) => unknown, byKey: boolean) {
    // Items of a list move without being told of, so they are known by themselves.
    const name = (value: unknown, key: unknown): unknown => (byKey ? key : value)
    mirror.watch<ReadonlyMap<unknown, unknown> | undefined>((state) => Object(select(state)), {
      added: (value, key) => {
        expect(this.entries.has(name(value, key))).toBe(false)
        this.entries.set(name(value, key), value)
      },
      changed: (value, key) => {
        expect(this.#changed.has(name(value, key))).toBe(false)
        this.#changed.add(name(value, key))
        expect(this.entries.has(name(value, key))).toBe(true)
        this.entries.set(name(value, key), value)
      },
      removed: (value, key) => {
        expect(difference(this.entries.get(name(value, key)), value)).toBe(undefined)
        this.entries.delete(name(value, key))
      },
    })
  }

  get changed(): boolean {
    return this.#changed.size > 0
  }

  patched(): void {
    this.#changed = new Set()
  }
}

/** Watches every map and list that is directly in the root, and checks all of it after each patch. */
export function watchAll(mirror: MirrorTree, layout: CompiledLayout): () => void {
  const root = layout.layout.types[layout.layout.state]
  if (root?.kind !== 'record') throw new TypeError('Not a record')
  const checks: (() => void)[] = []
  for (const { name, type } of root.fields) {
    const def = layout.layout.types[type]
    const kind = def?.kind
    // Items that are not tracked are known by their place, which is another test.
    const itemKind = def?.kind === 'list' ? layout.layout.types[def.type]?.kind : 'record'
    const tracked = itemKind === 'record' || itemKind === 'map' || itemKind === 'list'
    const read = (state: unknown): unknown => Object(state)[name]
    const selection = select(mirror, read)
    let frozen: unknown = undefined
    let copy: unknown = undefined
    if ((kind === 'map' || kind === 'list') && tracked) {
      const shadow = new Shadow(mirror, read, kind === 'map')
      checks.push(() => {
        const now: unknown = read(mirror.state)
        if (now instanceof Map) {
          expect(new Set(shadow.entries.keys())).toEqual(new Set(now.keys()))
          for (const [key, value] of now) expect(difference(shadow.entries.get(key), value)).toBe(undefined)
        } else if (Array.isArray(now)) {
          expect(new Set(shadow.entries.keys())).toEqual(new Set(now))
        }
        if (shadow.changed) expect(selection.value).not.toBe(frozen)
        shadow.patched()
      })
    }
    checks.push(() => {
      // A copy that was selected stays as it was.
      if (frozen !== undefined) expect(difference(copy, frozen)).toBe(undefined)
      const next = selection.value
      expect(difference(read(mirror.state), next)).toBe(undefined)
      expect(selection.value).toBe(next)
      frozen = next
      copy = structuredClone(read(mirror.state))
    })
  }
  return () => {
    for (const check of checks) check()
  }
}
