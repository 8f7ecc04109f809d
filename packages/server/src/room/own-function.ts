/** The function that stands in an object of the user's under a name; `undefined` where none does. Bound, so that `this` in a method is what its author sees around it. */
export function ownFunction(holder: unknown, name: string): ((...given: unknown[]) => unknown) | undefined {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined
  // The object is the user's; what stands there is looked at before it is taken for a function.
  const found: unknown = (holder as Readonly<Record<string, unknown>>)[name]
  return typeof found === 'function' ? (found.bind(holder) as (...given: unknown[]) => unknown) : undefined
}
