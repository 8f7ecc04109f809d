import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { bundledPage } from './bundle.ts'
import { root, run } from './packages/run.ts'

// What a page loads.

const KB = 1000

/** No page grows beyond this unnoticed. The aim is 22 KB; what it is missed for stands in docs/decisions/a-page-carries-its-session.md. */
const most = 39 * KB

interface Bundle {
  /** Minified, gzip -9. */
  readonly size: number
  /** The files in it, with what each takes before compression. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
}

async function bundle(program: string): Promise<Bundle> {
  const { code, output } = await bundledPage(`${program}.ts`)
  const files = Object.entries(output.inputs).map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
  return { size: gzipSync(code, { level: 9 }).length, files: files.filter(({ bytes }) => bytes > 0) }
}

/** What each package takes before compression, largest first. */
function shares({ files }: Bundle): string {
  const sums = new Map<string, number>()
  for (const { path, bytes } of files) {
    const owner = /(?:packages|node_modules)\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path
    sums.set(owner, (sums.get(owner) ?? 0) + bytes)
  }
  const sorted = [...sums].sort(([, a], [, b]) => b - a)
  return sorted.map(([owner, bytes]) => `${owner} ${(bytes / KB).toFixed(1)}`).join(', ')
}

const outside = ({ files }: Bundle): string[] =>
  files.map(({ path }) => path).filter((path) => path.includes('node_modules'))

it('a client that holds its contract as a type only is small, and bundles no other library', async () => {
  const page = await bundle('type-only-client')
  console.log(`type-only client: ${(page.size / KB).toFixed(1)} KB gzip; minified, in KB: ${shares(page)}`)
  expect(outside(page)).toEqual([])
  // Nor what only a page loads that draws views, or samples inputs.
  expect(page.files.filter(({ path }) => path.includes('/motion/'))).toEqual([])
  expect(page.size).toBeLessThanOrEqual(most)
})

it('a client with its contract brings TypeBox along, and no server library', async () => {
  const page = await bundle('contract-client')
  console.log(`client with contract: ${(page.size / KB).toFixed(1)} KB gzip; minified, in KB: ${shares(page)}`)
  expect(outside(page).filter((path) => !path.includes('/typebox/'))).toEqual([])
})

it('a page gets nothing that makes functions from text, unless it asks for it', async () => {
  const page = await bundle('type-only-client')
  expect(page.files.filter(({ path }) => /generated|compiled-readers/.test(path))).toEqual([])
  expect((await bundle('mirror-page')).files.filter(({ path }) => path.endsWith('/compiled-readers.ts'))).toHaveLength(
    1,
  )
})

it.each([
  ['Node', [], 'node-socket', 'compiled-readers'],
  ['a browser bundle', ['browser'], 'web-socket', 'plain-readers'],
])('the condition of %s chooses its socket and its readers', async (_name, conditions, socket, readers) => {
  for (const [name, file, folder] of [
    ['#open-socket', `sockets/${socket}`, 'client'],
    ['#record-readers', `mirror/${readers}`, 'schema'],
  ] as const) {
    const program = `console.log(import.meta.resolve('${name}'))`
    for (const [condition, path] of [
      ['@junto/source', `src/${file}.ts`],
      ['default', `dist/${file}.js`],
    ] as const) {
      const flags = [...conditions, condition].map((one) => `--conditions=${one}`)
      const args = [...flags, '--input-type=module', '--eval', program]
      const chosen = await run('node', args, join(root, 'packages', folder))
      expect(chosen.trim()).toMatch(new RegExp(`/${path}$`))
    }
  }
})
