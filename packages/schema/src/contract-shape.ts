import { nearest } from './nearest.ts'
import { refusal } from './schema-reader.ts'

// What JavaScript lets anybody write, and what TypeScript lets pass: it does not count further keys of what it infers from.

const required = ['version', 'state', 'clientToServer', 'serverToClient'] as const
const optional = ['join', 'options', 'metadata', 'user', 'presence', 'input', 'mutations'] as const
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
    const fault = keyFault(key, keys, 'part of a contract')
    if (fault !== undefined) throw refusal(key, fault)
  }
  for (const key of required) {
    if (shape[key] === undefined) throw refusal(key, `is missing: write ${examples[key]}`)
  }
  for (const key of ['clientToServer', 'serverToClient'] as const) {
    if (!isObject(shape[key]))
      throw refusal(key, 'is not an object of messages by name: write { name: call({ … }) }, or {}')
  }
  if (shape['mutations'] !== undefined && !isObject(shape['mutations']))
    throw refusal('mutations', 'is not an object of mutations by name: write { name: mutation({ … }) }')
}

/** Refuses options that the builder of a message does not take: they would be left out without a word. */
export function checkBuilder(
  builder: 'call' | 'event' | 'stream' | 'mutation',
  options: unknown,
  known: readonly string[],
): void {
  if (!isObject(options)) throw refusal(`${builder}()`, 'has options that are no object: write { … }')
  for (const key of Object.keys(options)) {
    const fault = keyFault(key, known, `option of ${builder}()`)
    if (fault !== undefined) throw refusal(`${builder}().${key}`, fault)
  }
}

function keyFault(key: string, known: readonly string[], what: string): string | undefined {
  if (known.includes(key)) return undefined
  const meant = nearest(key, known)
  return meant === undefined ? `is no ${what}, which has ${known.join(', ')}` : `is no ${what}: did you mean ${meant}?`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
