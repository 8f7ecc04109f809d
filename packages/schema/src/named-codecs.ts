import { compileNamedTypes, type NamedCodec } from './codec/compile-named.ts'
import type { AnyContract } from './contract.ts'
import { readContract, type NamedPart } from './contract-layout.ts'

/** Codecs of the parts of a contract that travel as maps by name. A part that the contract lacks has none. */
export type NamedCodecs = { readonly [P in NamedPart]?: NamedCodec }

const known = new WeakMap<AnyContract, NamedCodecs>()

/**
 * The codecs of what a client says before it knows the layout: use their `decodeNamed`. Made once per contract.
 * The other side is `encodeNamed`, which needs no types.
 */
export function namedCodecs(contract: AnyContract): NamedCodecs {
  const made = known.get(contract)
  if (made !== undefined) return made
  const { named, namedTypes } = readContract(contract)
  const codecs = compileNamedTypes(namedTypes)
  const parts: { [P in NamedPart]?: NamedCodec } = {}
  for (const part of ['join', 'options', 'metadata', 'user'] as const) {
    const codec = codecs[named[part] ?? -1]
    if (codec !== undefined) parts[part] = codec
  }
  known.set(contract, parts)
  return parts
}

/** The server-only fields of a contract's state: their names by the type of the record that has them. */
export function localFields(contract: AnyContract): ReadonlyMap<number, readonly string[]> {
  return readContract(contract).locals
}
