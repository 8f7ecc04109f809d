import { differences } from './compatibility.ts'
import { compileLayout, type CompiledLayout } from './compiled-layout.ts'
import type { AnyContract } from './contract.ts'
import { layoutOf } from './contract-layout.ts'
import type { Layout } from './layout.ts'

/** A contract's layout on the side of a client that holds the contract. */
export interface OwnLayout {
  readonly compiled: CompiledLayout
  /** What stands between it and a server's layout, each a sentence that begins with the path. None: they work together. */
  differences(server: Layout): readonly string[]
}

/** The layout of a contract, with what it can be compared by. */
export function ownLayout(contract: AnyContract): OwnLayout {
  const compiled = compileLayout(layoutOf(contract))
  return { compiled, differences: (server) => differences(compiled.layout, server) }
}
