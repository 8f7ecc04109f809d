import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clientLimitsTable, serverLimitsTable, type Limit } from '@junto/protocol'
import { root } from '../packages/run.ts'

// What docs/protocol.md says in a form that can be compared with the code.

/** The values of a line of an example: JSON, in which `h'01 02'` stands for bytes. */
export function parseValues(line: string): unknown[] {
  const bytes: Uint8Array[] = []
  const json = line.replaceAll(/h'([0-9a-f ]*)'/g, (_match, hex: string) => {
    bytes.push(Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16)))
    return JSON.stringify(`bytes ${bytes.length - 1}`)
  })
  const values: unknown = JSON.parse(`[${json}]`, (_key, value: unknown) => {
    const index = typeof value === 'string' ? /^bytes (\d+)$/.exec(value)?.[1] : undefined
    return index === undefined ? value : bytes[Number(index)]
  })
  return Array.isArray(values) ? values : []
}

/** An example: the line of its values, and its bytes. */
export interface Example {
  readonly text: string
  readonly values: readonly unknown[]
  readonly hex: string
}

/** The examples of a fenced block: each the line of its values, then lines of bytes in hex. */
export function examplesIn(lines: readonly string[]): readonly Example[] {
  const examples: { text: string; values: readonly unknown[]; hex: string }[] = []
  for (const line of lines) {
    const last = examples.at(-1)
    if (/^[0-9a-f]{2}( [0-9a-f]{2})*$/.test(line) && last !== undefined)
      last.hex += `${last.hex === '' ? '' : ' '}${line}`
    else if (line !== '') examples.push({ text: line, values: parseValues(line), hex: '' })
  }
  return examples
}

/** The rules that a page defines: `**F1** …` at the beginning of a paragraph, or `#### F10`. */
export function rulesIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /^(?:\*\*([A-Z]\d+)\*\* |#### ([A-Z]\d+)$)/.exec(line)?.slice(1).find(Boolean) ?? [])
}

/** The rows that the tables of limits must have. The reasons are the comments beside the numbers. */
export function limitRows(): { readonly server: readonly string[]; readonly client: readonly string[] } {
  const reasons = new Map(['limit-defaults', 'server-limits'].map((file) => [file, reasonsIn(file)]))
  const row = (name: string, limit: Limit, files: readonly string[]): string => {
    const reason = files.map((file) => reasons.get(file)?.get(name)).find((text) => text !== undefined)
    return `| \`${name}\` | ${shown(limit)} | ${reason ?? 'NO REASON'} |`
  }
  const server: Readonly<Record<string, Limit>> = serverLimitsTable
  const client = Object.entries(clientLimitsTable).filter(([name, limit]) => server[name]?.value !== limit.value)
  return {
    server: Object.entries(server).map(([name, limit]) => row(name, limit, ['server-limits', 'limit-defaults'])),
    client: client.map(([name, limit]) => row(name, limit, ['limit-defaults'])),
  }
}

function reasonsIn(file: string): Map<string, string> {
  const source = readFileSync(join(root, `packages/protocol/src/${file}.ts`), 'utf8')
  const rows = source.matchAll(/\/\*\*((?:(?!\*\/)[^])*?)\*\/\s+(\w+): (?:(?:bytes|ms|count)\(|[\dKM])/g)
  return new Map(
    Array.from(rows, ([, comment = '', name = '']) => [name, comment.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim()]),
  )
}

function shown({ value, unit }: Limit): string {
  if (unit === 'ms') return value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`
  if (unit === 'count') return value.toLocaleString('en-US')
  return value % 2 ** 20 === 0 ? `${value / 2 ** 20} MiB` : `${value / 2 ** 10} KiB`
}
