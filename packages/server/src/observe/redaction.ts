/** Names under which secrets stand, as the whole name or its end: `token`, `accessToken`, `set-cookie`. */
const secretName =
  /(?:token|secret|passw(?:or)?d|passphrase|authorization|cookie|credential|api[-_]?key|private[-_]?key|jwt)s?$|^(?:auth|pwd)$/i

/** What stands in a secret's place. */
const redaction = '[redacted]'

/** Values nested deeper than this are left out: a log line is no place for trees. */
const deepest = 6

/**
 * Fields as they may be logged: what stands under a name for secrets is replaced, at any depth. Errors become what is known to be safe of them (name, message,
 * code, stack, cause), since some carry whole requests with their headers.
 */
export function redacted(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactObject(fields, [])
}

/** @param above The objects that it stands in. */
function redactObject(object: object, above: readonly object[]): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue
    safe[name] = secretName.test(name) ? redaction : redactValue(value, [...above, object])
  }
  return safe
}

function redactValue(value: unknown, above: readonly object[]): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value
  if (above.length > deepest || above.includes(value)) return '…'
  if (value instanceof Error) return describeError(value, above)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`
  if (value instanceof Date) return value
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, [...above, value]))
  if (value instanceof Map || value instanceof Set) return `${value.size} entries`
  return redactObject(value, above)
}

function describeError(error: Error, above: readonly object[]): Record<string, unknown> {
  const { name, message, stack, cause } = error
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : undefined
  // Without a prototype: pino takes the name of an error's class from there.
  const safe: Record<string, unknown> = Object.setPrototypeOf({ type: name, message }, null) as Record<string, unknown>
  if (code !== undefined) safe['code'] = code
  safe['stack'] = stack
  if (cause !== undefined) safe['cause'] = redactValue(cause, [...above, error])
  return safe
}
