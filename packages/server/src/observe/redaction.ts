/** Names under which secrets stand, as the whole name or its end: `token`, `accessToken`, `set-cookie`. */
const secretName =
  /(?:token|secret|passw(?:or)?d|passphrase|authorization|cookie|credential|api[-_]?key|private[-_]?key|jwt)s?$|^(?:auth|pwd)$/i

/** What stands in a secret's place. */
const redaction = '[redacted]'

/** Values nested deeper than this are left out: a log line is no place for trees. */
const deepest = 6

/** What stands in place of a value that throws when it is looked at. */
const unreadable = '[unreadable]'

/** An error, as {@link redacted} leaves it. */
export interface DescribedError {
  readonly type: string
  readonly message: string
  readonly code?: string | number
  readonly stack: string
  readonly cause?: unknown
}

/**
 * Fields as they may be logged: what stands under a name for secrets is replaced, at any depth. Errors become what is known to be safe of them (name, message,
 * code, stack, cause), since some carry whole requests with their headers. Plain data in any case, and never throws: what throws when it is looked at, as
 * getters and proxies may, is replaced, too.
 */
export function redacted(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return attempt(() => redactObject(fields, []), {})
}

/** Whether a value of {@link redacted} was an error. */
export function isDescribedError(value: unknown): value is DescribedError {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}

/** @param above The objects that it stands in. */
function redactObject(object: object, above: readonly object[]): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  const inside = [...above, object]
  for (const name of Object.keys(object)) {
    const value = attempt((): unknown => object[name as keyof typeof object], unreadable)
    if (value === undefined) continue
    safe[name] = secretName.test(name) ? redaction : redactValue(value, inside)
  }
  return safe
}

function redactValue(value: unknown, above: readonly object[]): unknown {
  switch (typeof value) {
    case 'bigint':
    case 'symbol':
      return String(value)
    case 'function':
      return '[function]'
    case 'object':
      return value === null ? null : attempt(() => redactReference(value, above), unreadable)
    default:
      return value
  }
}

function redactReference(value: object, above: readonly object[]): unknown {
  if (above.length > deepest || above.includes(value)) return '…'
  if (value instanceof Error) return describeError(value, above)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`
  if (value instanceof Date) return value
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, [...above, value]))
  if (value instanceof Map || value instanceof Set) return `${value.size} entries`
  return redactObject(value, above)
}

function describeError(error: Error, above: readonly object[]): DescribedError {
  const type = attempt(() => String(error.name), unreadable)
  const message = attempt(() => String(error.message), unreadable)
  const stack = attempt(() => String(error.stack ?? `${type}: ${message}`), `${type}: ${message}`)
  const code = attempt(() => ('code' in error ? error.code : undefined), undefined)
  const cause = attempt(() => error.cause, unreadable)
  const described: DescribedError = {
    type,
    message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    stack,
    ...(cause !== undefined && { cause: redactValue(cause, [...above, error]) }),
  }
  // Without a prototype: pino takes the name of an error's class from there.
  return Object.setPrototypeOf(described, null) as DescribedError
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
