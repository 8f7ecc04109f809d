/** What to do instead of the TypeBox types that cannot travel, by their kind. */
const advice: { readonly [kind: string]: string } = {
  Any: 'is of any type, which has no form on the wire: use t.Json() for free-form data',
  Unknown: 'is of unknown type, which has no form on the wire: use t.Json() for free-form data',
  Undefined: 'is undefined, which cannot travel: make the field t.Optional(…), or use t.Null()',
  Void: 'is void, which cannot travel: leave it out of the contract',
  Never: 'is never: no value could travel',
  Symbol: 'is a symbol, which cannot travel: use t.Enum or t.String()',
  Function: 'is a function, which cannot travel: declare a call()',
  Constructor: 'is a constructor, which cannot travel',
  Codec: 'has a codec, whose functions cannot travel: declare what travels, and convert it where it is used',
  Cyclic: 'refers to itself: layouts have no cycles; keep the items in a t.Map and refer to them by key',
  Ref: 'is a reference to another schema: put that schema here itself',
  This: 'refers to itself: layouts have no cycles; keep the items in a t.Map and refer to them by key',
  Rest: 'is a tuple of open length: use t.Array',
  Dependent: 'depends on a condition: use t.Union',
  Not: 'is a negation, which has no form on the wire',
  Unsafe:
    'is a schema of no known form: write t.Object({ … }) around fields, t.Json() for free-form data, or a JSON Schema with a type',
}

/** What is wrong with a schema of a kind that cannot travel, and what to do about it. */
export function adviceFor(kind: string): string {
  return advice[kind] ?? `is of the kind "${kind}", which cannot travel`
}
