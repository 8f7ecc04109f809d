/** A text for each plain value, the same for equal ones: fields may stand in any order, and those that are undefined are none. */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      // -0 is 0.
      return String(value + 0)
    case 'bigint':
      return `${value}n`
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`
      return Array.isArray(value) ? `[${value.map(canonical).join()}]` : canonicalFields(value)
    default:
      return String(value)
  }
}

function canonicalFields(fields: object): string {
  return `{${Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`)
    .join()}}`
}
