import { fileURLToPath } from 'node:url'
import { relative } from 'node:path'
import { inspect } from 'node:util'

/** Where this package stands among others: `node_modules`, or the packages of Junto's repository. */
const libraries = fileURLToPath(new URL('../..', import.meta.url))

/** What went wrong, without what differs from bot to bot. */
export interface ErrorKind {
  /** The same for all errors that are counted together. */
  readonly key: string
  /** Where, and what: `call.vote: timeout: no answer within 15000 ms`. */
  readonly text: string
  /** The error's code, of one of the framework's. */
  readonly code: string | undefined
  /** The first line of code outside of libraries: `scenario.ts:12:9`. */
  readonly at: string | undefined
}

/**
 * The kind of an error.
 *
 * @param where What failed: `call.vote`, `join poll`, `bot`.
 */
export function kindOf(where: string, error: unknown): ErrorKind {
  const code = codeOf(error)
  const said = messageOf(error)
  const text = `${where}: ${code === undefined || said.startsWith(`${code}:`) ? '' : `${code}: `}${said}`
  // Numbers and ids differ from bot to bot.
  const key = text.replace(/\b[\da-f-]*\d[\da-f-]*\b/gi, '#').slice(0, 300)
  return { key, text: text.slice(0, 500), code, at: placeOf(error) }
}

/** `timeout`: of an error of the framework, or one that a call declares. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether it is one of a call's declared errors: an answer as good as any, for the server. */
export function isDeclared(error: unknown): boolean {
  return error instanceof Error && error.name === 'CallError'
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error))
    return `threw ${inspect(error, { depth: 1, breakLength: Infinity })}, which is no Error`
  const name =
    error.name === 'Error' || error.name === 'JuntoError' || error.name === 'CallError' ? '' : `${error.name}: `
  return `${name}${error.message || 'without a message'}`
}

function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  for (const line of (error.stack ?? '').split('\n')) {
    const [, place] = /(?:\(|^at (?:async )?)((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/.exec(line.trim()) ?? []
    if (place === undefined) continue
    const path = place.startsWith('file://') ? withPath(place) : place
    if (!path.startsWith(libraries) && !/[\\/]node_modules[\\/]/.test(path)) return relative(process.cwd(), path)
  }
  return undefined
}

function withPath(place: string): string {
  const [, url = place, rest = ''] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? []
  return fileURLToPath(url.split('?')[0] ?? url) + rest
}
