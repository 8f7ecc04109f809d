import type { Layout, TypeDef, TypeIndex } from '@junto/schema/internal'

// A map or a list that was not saved, because the contract had none yet, begins empty: any other value would be a guess.

/** Of records, the fields that may be hidden from clients, for whom they are optional, and that the server always has. */
export type Required = ReadonlyMap<TypeIndex, ReadonlySet<string>>

/** The types of a layout as the server has them. */
export function typesOnServer(types: readonly TypeDef[], required: Required): readonly TypeDef[] {
  return types.map((def, index) => {
    const names = required.get(index)
    if (def.kind !== 'record' || names === undefined) return def
    const fields = def.fields.map(({ name, type }) => {
      const shown = types[type]
      return { name, type: shown?.kind === 'optional' && names.has(name) ? shown.type : type }
    })
    return { kind: 'record', fields }
  })
}

/**
 * The layout with these optional, and with what was optional when it was saved: what can be read that was saved. Whether
 * something is missing is then seen in it. Not within unions and values kept whole, where nothing is filled in.
 */
export function lenient(layout: Layout, saved: Layout): Layout {
  const types: TypeDef[] = [...layout.types]
  const known = new Map<string, TypeIndex>()
  const add = (def: TypeDef): TypeIndex => types.push(def) - 1

  /** `from` is the type of what was saved, where there is one. */
  function relaxed(type: TypeIndex, from: TypeIndex | undefined): TypeIndex {
    const key = `${type} ${from}`
    const done = known.get(key)
    if (done !== undefined) return done
    const made = make(type, from)
    known.set(key, made)
    return made
  }

  function make(type: TypeIndex, from: TypeIndex | undefined): TypeIndex {
    const def = types[type]
    const old = from === undefined ? undefined : saved.types[from]
    // A field may have become optional, or be so no more.
    if (old?.kind === 'optional' && def?.kind !== 'optional')
      return add({ kind: 'optional', type: relaxed(type, old.type) })
    switch (def?.kind) {
      case 'record': {
        const before = new Map(old?.kind === 'record' ? old.fields.map((field) => [field.name, field.type]) : [])
        const fields = def.fields.map(({ name, type: field }) => {
          const inner = relaxed(field, before.get(name))
          const absent = isCollection(types[field]) && types[inner]?.kind !== 'optional'
          return { name, type: absent ? add({ kind: 'optional', type: inner }) : inner }
        })
        return add({ kind: 'record', fields })
      }
      case 'optional':
        return add({ kind: 'optional', type: relaxed(def.type, old?.kind === 'optional' ? old.type : from) })
      case 'map':
      case 'list':
        return add({ kind: def.kind, type: relaxed(def.type, old?.kind === def.kind ? old.type : undefined) })
      default:
        return type
    }
  }

  const state = relaxed(layout.state, saved.state)
  return { ...layout, state, types }
}

/**
 * What was saved, with what is missing filled in; maps become `Map`s.
 *
 * @param types As the server has them.
 * @param missing Told the path of what is missing and cannot be filled in.
 */
export function filled(
  types: readonly TypeDef[],
  type: TypeIndex,
  value: unknown,
  path: string,
  missing: (path: string) => void,
): unknown {
  const inside = (inner: TypeIndex, part: unknown, at: string): unknown => filled(types, inner, part, at, missing)
  const def = types[type]
  switch (def?.kind) {
    case 'optional':
      return value === undefined ? undefined : inside(def.type, value, path)
    case 'record': {
      if (typeof value !== 'object' || value === null) return value
      const record: Record<string, unknown> = { ...value }
      for (const field of def.fields) {
        const at = `${path}.${field.name}`
        const part = record[field.name]
        const inner = types[field.type]
        if (part !== undefined) record[field.name] = inside(field.type, part, at)
        else if (isCollection(inner)) record[field.name] = inner?.kind === 'map' ? new Map() : []
        else if (inner?.kind !== 'optional') missing(at)
      }
      return record
    }
    case 'map': {
      if (typeof value !== 'object' || value === null) return value
      const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value)
      return new Map(Array.from(entries, ([key, part]) => [key, inside(def.type, part, `${path}.${String(key)}`)]))
    }
    case 'list':
      return Array.isArray(value)
        ? value.map((part: unknown, index) => inside(def.type, part, `${path}[${index}]`))
        : value
    default:
      return value
  }
}

function isCollection(def: TypeDef | undefined): boolean {
  return def?.kind === 'map' || def?.kind === 'list'
}
