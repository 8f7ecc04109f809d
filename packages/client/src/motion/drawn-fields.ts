import { JuntoError } from '@junto/protocol'
import type { TypeDef, TypeIndex, TypeKind } from '@junto/schema/internal'

/** What a number never stands in. */
const otherKinds: ReadonlySet<TypeKind> = new Set<TypeKind>([
  'null',
  'boolean',
  'string',
  'bigint',
  'bytes',
  'record',
  'map',
  'list',
  'tuple',
])

/** The type of a record's field, that of what may be absent being the one of what is there; nothing where there is no such record or field. */
export function fieldType(types: readonly TypeDef[], record: TypeIndex | undefined, name: string): TypeDef | undefined {
  const def = record === undefined ? undefined : types[record]
  const field = def?.kind === 'record' ? def.fields.find((one) => one.name === name) : undefined
  let type = field && types[field.type]
  while (type?.kind === 'optional' || type?.kind === 'value') type = types[type.type]
  return type
}

/**
 * Checks the names of the fields that are drawn of a type of entities, or of what is in a map of them. Where the layout does not tell what
 * they are, anything goes.
 *
 * @throws JuntoError `misuse` for a field that there is not, or that holds no number.
 */
export function checkDrawnFields(types: readonly TypeDef[], index: TypeIndex, names: readonly string[]): void {
  const selected = types[index]
  const record = selected?.kind === 'map' ? selected.type : index
  const def = types[record]
  if (def?.kind !== 'record') return
  const isNumber = (name: string): boolean => {
    const kind = fieldType(types, record, name)?.kind
    return kind !== undefined && !otherKinds.has(kind)
  }
  const wrong = names.find((name) => !isNumber(name))
  if (wrong === undefined) return
  const numbers = def.fields.map(({ name }) => name).filter(isNumber)
  throw new JuntoError(
    'misuse',
    `a view draws numbers, and an entity has no number '${wrong}', only ${numbers.join(', ') || 'no number at all'}`,
  )
}
