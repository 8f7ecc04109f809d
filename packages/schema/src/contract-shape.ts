import { refusal } from './schema-reader.ts'

// What JavaScript lets anybody write, and what TypeScript lets pass: it does not count further keys of what it infers from.

const required = ['version', 'state', 'clientToServer', 'serverToClient'] as const
const optional = ['join', 'options', 'metadata', 'user', 'presence', 'input'] as const
const keys: readonly string[] = [...required, ...optional]

const examples: { readonly [K in (typeof required)[number]]: string } = {
  version: 'version: 1',
  state: 'state: t.Object({ … })',
  clientToServer: 'clientToServer: {}',
  serverToClient: 'serverToClient: {}',
}

/** Refuses what is no room's name and shape at all, before anything in it is read. */
export function checkShape(name: unknown, shape: unknown): void {
  if (typeof name !== 'string') throw refusal('name', "is not a string: write defineRoom('name', { … })")
  if (!isObject(shape))
    throw refusal('', `the contract of room '${name}' is missing: write defineRoom('${name}', { … })`)
  for (const key of Object.keys(shape)) {
    if (keys.includes(key)) continue
    const meant = nearest(key, keys)
    throw refusal(
      key,
      meant === undefined
        ? `is no part of a contract, which has ${keys.join(', ')}`
        : `is no part of a contract: did you mean ${meant}?`,
    )
  }
  for (const key of required) {
    if (shape[key] === undefined) throw refusal(key, `is missing: write ${examples[key]}`)
  }
  for (const key of ['clientToServer', 'serverToClient'] as const) {
    if (!isObject(shape[key]))
      throw refusal(key, 'is not an object of messages by name: write { name: call({ … }) }, or {}')
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The name that somebody mistyped; none when all are too different. */
function nearest(typed: string, names: readonly string[]): string | undefined {
  let found: string | undefined
  let least = 3
  for (const name of names) {
    const distance = edits(typed.toLowerCase(), name.toLowerCase())
    if (distance >= least) continue
    found = name
    least = distance
  }
  return found
}

/** How many letters must be put in, left out or replaced to make one text of the other. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let index = 0; index < one.length; index++) {
    const next = [index + 1]
    for (let at = 0; at < other.length; at++) {
      const replaced = (row[at] ?? 0) + (other[at] === one[index] ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
