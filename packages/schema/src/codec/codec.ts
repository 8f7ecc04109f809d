/**
 * Turns values of one type into what is packed as msgpack, and back. Positional by the layout: a record is an array
 * of its fields. `docs/contract.md` has the form of each type.
 *
 * Every method throws a `SchemaError` of code `invalid_value` whose path begins with the `path` given. The path is
 * only put together when something is wrong.
 */
export interface Codec {
  /** Checks a plain value and returns its wire form. Fields that the type lacks are left out. */
  readonly encode: (value: unknown, path: string) => unknown
  /** Checks a wire form and returns a fresh plain value. */
  readonly decode: (wire: unknown, path: string) => unknown
}
