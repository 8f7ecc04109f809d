import { JuntoError } from '@junto/protocol'

// For programs without types: a wrong argument is named where it is given, and not where it is used, much later.

/** @throws JuntoError `misuse` when it is none. */
export function checkFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw wrong(what, 'a function', value)
}

/** @throws JuntoError `misuse` when it is none. */
export function checkObject(value: unknown, what: string): asserts value is object {
  if (typeof value !== 'object' || value === null) throw wrong(what, 'an object', value)
}

/** @param names Those that there are. @throws JuntoError `misuse` for an option of another name. */
export function checkOptionNames(options: object, what: string, names: object): void {
  for (const name of Object.keys(options)) {
    if (name in names) continue
    throw new JuntoError('misuse', `${what} has no option '${name}', only ${Object.keys(names).join(', ')}`)
  }
}

/** @throws JuntoError `misuse` when it is no object that has one of these. */
export function checkSome(value: unknown, what: string, names: readonly string[]): void {
  checkObject(value, what)
  if (!names.some((name) => name in value)) {
    throw new JuntoError(
      'misuse',
      `${what} must have one of ${names.join(', ')}, and has ${Object.keys(value).join(', ') || 'nothing'}`,
    )
  }
}

/** What a wrong argument is refused with. */
export function wrong(what: string, expected: string, value: unknown): JuntoError {
  const isPlain = value === null || typeof value === 'number'
  const shown = isPlain ? String(value) : typeof value === 'string' ? `a text of ${value.length}` : typeof value
  return new JuntoError('misuse', `${what} must be ${expected}, not ${shown}`)
}
