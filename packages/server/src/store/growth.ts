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

/**
 * What was saved, with what is missing filled in.
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
    case 'map':
      if (!(value instanceof Map)) return value
      return new Map(
        Array.from(value, ([key, part]: [unknown, unknown]) => [key, inside(def.type, part, `${path}.${String(key)}`)]),
      )
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
