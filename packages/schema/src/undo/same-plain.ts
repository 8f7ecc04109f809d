/** Whether two plain values are the same, whatever the order of their keys. */
export function samePlain(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Uint8Array || other instanceof Uint8Array) {
    return one instanceof Uint8Array && other instanceof Uint8Array && sameItems(one, other)
  }
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && sameItems(one, other)
  }
  const entries = Object.entries(one)
  const others = new Map<string, unknown>(Object.entries(other))
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && samePlain(value, others.get(key)))
  )
}

function sameItems(one: ArrayLike<unknown>, other: ArrayLike<unknown>): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (!samePlain(one[index], other[index])) return false
  return true
}

/** A text that is the same for plain values that are the same, and for these only. */
export function textOf(plain: unknown): string {
  switch (typeof plain) {
    case 'string':
      return JSON.stringify(plain)
    case 'number':
      return Object.is(plain, -0) ? '-0' : String(plain)
    case 'bigint':
      return `${String(plain)}n`
    case 'object':
      if (plain === null) return 'null'
      if (plain instanceof Uint8Array) return `<${plain.join()}>`
      if (Array.isArray(plain)) return `[${plain.map(textOf).join()}]`
      return `{${Object.entries(plain)
        .map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`)
        .sort()
        .join()}}`
    default:
      return String(plain)
  }
}
