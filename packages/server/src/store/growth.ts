import type { Layout, TypeDef, TypeIndex } from '@junto/schema/internal'

// A map or a list that was not saved, because the contract had none yet, begins empty: any other value would be a guess.

/**
 * The layout with these optional: what it can read that was saved. Not within unions and values kept whole, where nothing is
 * filled in.
 */
export function lenient(layout: Layout): Layout {
  const types: TypeDef[] = [...layout.types]
  const known = new Map<TypeIndex, TypeIndex>()
  const add = (def: TypeDef): TypeIndex => types.push(def) - 1

  function relaxed(type: TypeIndex): TypeIndex {
    const done = known.get(type)
    if (done !== undefined) return done
    const made = make(type)
    known.set(type, made)
    return made
  }

  function make(type: TypeIndex): TypeIndex {
    const def = types[type]
    switch (def?.kind) {
      case 'record': {
        const fields = def.fields.map((field) => {
          const inner = relaxed(field.type)
          return {
            name: field.name,
            type: isCollection(types[field.type]) ? add({ kind: 'optional', type: inner }) : inner,
          }
        })
        return add({ kind: 'record', fields })
      }
      case 'map':
      case 'list':
      case 'optional':
        return add({ kind: def.kind, type: relaxed(def.type) })
      default:
        return type
    }
  }

  const state = relaxed(layout.state)
  return { ...layout, state, types }
}

/** What was saved, with what is missing filled in. The types are those of the layout as it is. */
export function filled(types: readonly TypeDef[], type: TypeIndex, value: unknown): unknown {
  const def = types[type]
  switch (def?.kind) {
    case 'optional':
      return value === undefined ? undefined : filled(types, def.type, value)
    case 'record': {
      if (typeof value !== 'object' || value === null) return value
      const record: Record<string, unknown> = { ...value }
      for (const field of def.fields) {
        const part = record[field.name]
        const inner = types[field.type]
        if (part !== undefined) record[field.name] = filled(types, field.type, part)
        else if (isCollection(inner)) record[field.name] = inner?.kind === 'map' ? new Map() : []
      }
      return record
    }
    case 'map':
      if (!(value instanceof Map)) return value
      return new Map(Array.from(value, ([key, part]: [unknown, unknown]) => [key, filled(types, def.type, part)]))
    case 'list':
      return Array.isArray(value) ? value.map((part: unknown) => filled(types, def.type, part)) : value
    default:
      return value
  }
}

function isCollection(def: TypeDef | undefined): boolean {
  return def?.kind === 'map' || def?.kind === 'list'
}
