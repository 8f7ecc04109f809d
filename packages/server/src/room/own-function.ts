import { isAsync } from '@junto/protocol/internal'

/** The function that stands in an object of the user's under a name; `undefined` where none does. Bound, so that `this` in a method is what its author sees around it. */
export function ownFunction(holder: unknown, name: string): ((...given: unknown[]) => unknown) | undefined {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined
  // The object is the user's; what stands there is looked at before it is taken for a function.
  const found: unknown = (holder as Readonly<Record<string, unknown>>)[name]
  return typeof found === 'function' ? (found.bind(holder) as (...given: unknown[]) => unknown) : undefined
}

/**
 * The mutator of a name.
 *
 * @throws Error for what holds no functions by name, and for one that is `async`: what it wrote after its first `await` could not be put back.
 */
export function ownMutator(
  mutators: unknown,
  name: string,
  className: string,
): ((...given: unknown[]) => unknown) | undefined {
  if (mutators !== undefined && (typeof mutators !== 'object' || mutators === null)) {
    throw new Error(
      `${className}.mutators must be an object with a function for each mutation of the contract, not ${mutators === null ? 'null' : typeof mutators}`,
    )
  }
  const mutator = ownFunction(mutators, name)
  if (mutator === undefined || !isAsync(mutator)) return mutator
  throw new Error(
    `${className}.mutators.${name} is async: what changes the state with a client does so at once; what has to be waited for belongs into a call`,
  )
}
