/**
 * Whether two values of a mirror are the same to whoever looks at it. Nodes, which are changed in place, are the same only
 * when they are one object; values replaced as a whole, which are frozen, and bytes are compared by what they hold.
 */
export function sameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Uint8Array) {
    return (
      other instanceof Uint8Array && one.length === other.length && one.every((byte, index) => byte === other[index])
    )
  }
  if (!Object.isFrozen(one) || !Object.isFrozen(other) || one instanceof Map || other instanceof Map) return false
  return sameParts(one, other)
}

function sameParts(one: object, other: object): boolean {
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const entries = Object.entries(one)
  const others = Object.entries(other)
  return (
    entries.length === others.length &&
    entries.every(([key, value], index) => key === others[index]?.[0] && sameValue(value, others[index]?.[1]))
  )
}
