import { JuntoError } from '@junto/protocol'
import { nearest } from '@junto/schema/internal'

/**
 * For programs without types, and for objects that were put together: an option that nobody reads would have no effect, and nobody would know.
 *
 * @param given The options, as they were given.
 * @param names Those that there are.
 * @param what What takes them, for the message: `define(arena, …)`.
 * @throws JuntoError `misuse` for what are no options, and for one of another name.
 */
export function checkOptionNames(given: unknown, names: object, what: string): void {
  if (typeof given !== 'object' || given === null) {
    throw new JuntoError('misuse', `the options of ${what} must be an object, not ${String(given)}`)
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(names, name)) continue
    const known = Object.keys(names)
    const meant = nearest(name, known)
    const advice = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`
    throw new JuntoError('misuse', `${what} has no option '${name}': ${advice}`)
  }
}
