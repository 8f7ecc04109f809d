/** A function made from text, of any parameters. */
export type Generated = (...args: readonly unknown[]) => unknown

let forbidden = false

/**
 * A function with that body; nothing where text cannot become code, by a content security policy or by a flag of Node. What is
 * generated has an equivalent composed of closures for that case.
 *
 * Nothing that somebody else chose stands in the body, but for names, as string literals.
 */
export function generated(parameters: readonly string[], body: string): Generated | undefined {
  // A policy reports each violation: it is not asked again.
  if (forbidden) return undefined
  try {
    const made: unknown = Reflect.construct(Function, [...parameters, body])
    return made as Generated
  } catch (error) {
    if (!(error instanceof EvalError)) throw error
    forbidden = true
    return undefined
  }
}
