import { compileCoders } from '../../codec/compile-types.ts'
import type { Coder } from '../../codec/coder.ts'
import type { Layout } from '../../layout.ts'
import type { ChooseVariant } from './whole-value.ts'

/** Chooses variants as messages do: a value is of the same variant wherever it stands. */
export function variantChooser(layout: Layout): ChooseVariant {
  let coders: readonly Coder[] | undefined
  return (union, value) => {
    coders ??= compileCoders(layout.types)
    return coders[union]?.variantOf?.(value) ?? -1
  }
}
