import { layoutBounds as bounds } from './layout-bounds.ts'
import type { ExplainFault, LayoutRule } from './layout-gate.ts'

const sentences: { readonly [R in LayoutRule]: (amount: number) => string } = {
  form: () => 'is not in the form of a layout',
  nameLength: (amount) => `is a name of ${amount} characters; ${bounds.nameLength} is the limit`,
  literalLength: (amount) => `has a constant of ${amount} characters; ${bounds.literalLength} is the limit`,
  types: (amount) => `has ${amount} types; ${bounds.types} is the limit`,
  fields: (amount) => `has ${amount} fields; ${bounds.fields} is the limit`,
  members: (amount) => `has ${amount} values, variants or elements; ${bounds.members} is the limit`,
  parts: () => `makes the layout larger than ${bounds.parts} parts`,
  messages: (amount) => `has ${amount} messages; ${bounds.messages} is the limit`,
  errors: (amount) => `has ${amount} errors; ${bounds.errors} is the limit`,
  depth: (amount) => `nests ${amount} deep; ${bounds.depth} is the limit`,
  jsonDepth: (amount) => `nests JSON ${amount} deep; ${bounds.jsonDepth} is the limit`,
}

/** What is wrong with a layout, for those who make one. */
export const explainLayoutFault: ExplainFault = (rule, amount) => sentences[rule](amount)
