import type { Kind, RecordKind } from './kinds.ts'
import { variantOf, type Draws } from './model.ts'

/** Changes something in a mirror, as a program might that does not know that it must not; tells whether there was anything. */
export function spoil(kind: Kind, mirror: unknown, draws: Draws): boolean {
  const ways: (() => void)[] = []
  find(kind, mirror, ways)
  const way = draws.of(ways)
  way?.()
  return way !== undefined
}

function find(kind: Kind, mirror: unknown, ways: (() => void)[]): void {
  if (mirror === undefined || mirror === null) return
  switch (kind.kind) {
    case 'atom':
      return
    case 'record':
      return findInRecord(kind, Object(mirror), ways)
    case 'nullable':
      return findInRecord(kind.of, Object(mirror), ways)
    case 'union':
      return findInRecord(variantOf(kind, mirror), Object(mirror), ways)
    case 'list':
      if (!Array.isArray(mirror)) return
      for (const item of mirror) find(kind.of, item, ways)
      if (mirror.length > 0) ways.push(() => mirror.pop())
      return
    case 'map':
      if (!(mirror instanceof Map)) return
      for (const [key, part] of mirror) {
        find(kind.of, part, ways)
        ways.push(() => mirror.delete(key))
      }
  }
}

function findInRecord({ fields }: RecordKind, mirror: Record<string, unknown>, ways: (() => void)[]): void {
  for (const { name, of, optional, to } of fields) {
    find(of, mirror[name], ways)
    if (of.kind === 'atom' && of.atom === 'text') ways.push(() => (mirror[name] = `not ${String(mirror[name])}`))
    if (of.kind === 'atom' && of.atom === 'steps') ways.push(() => (mirror[name] = 0.25))
    if ((optional || to !== undefined) && mirror[name] !== undefined) ways.push(() => (mirror[name] = undefined))
  }
}
