/**
 * What a {@link SchemaError} is about.
 *
 * - `invalid_contract`: a contract holds something that cannot travel.
 * - `invalid_value`: a value does not satisfy its type.
 * - `invalid_layout`: a layout that was received is malformed or beyond its bounds.
 * - `invalid_patch`: a patch or snapshot that was received is malformed or does not fit the state it is for.
 */
export type SchemaErrorCode = 'invalid_contract' | 'invalid_value' | 'invalid_layout' | 'invalid_patch'

/** The one error of this package. Its message begins with the path of what is wrong. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly code: SchemaErrorCode
  /** Where: `clientToServer.addStroke.params.points[3].x`. Empty for the whole. */
  readonly path: string

  /**
   * @param what What is wrong there, and how to mend it. Reads on from the path: "is a string, not a number".
   */
  constructor(code: SchemaErrorCode, path: string, what: string) {
    super(path === '' ? what : `${path}: ${what}`)
    this.code = code
    this.path = path
  }
}
