import { nearest } from '@junto/schema/internal'

/** `; did you mean 'ramp'?`, or what there is. */
export function suggestion(given: string, names: readonly string[]): string {
  const near = nearest(given, names)
  return near === undefined ? `; there are ${names.join(', ')}` : `; did you mean '${near}'?`
}
