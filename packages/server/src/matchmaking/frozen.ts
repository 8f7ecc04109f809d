/** Makes a plain value unchangeable, all the way down but for bytes, which nothing can freeze. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  for (const part of Object.values(value)) freezeDeep(part)
  return Object.freeze(value)
}
