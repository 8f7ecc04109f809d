import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, root } from '../packages/run.ts'
import { codeOf, type CodeFile } from './code.ts'
import { parseComments, parsePage, type Page } from './markdown.ts'
import { readComments, readPages } from './pages.ts'

describe('the TypeScript of a page', () => {
  it('keeps its lines where they stand, with the preludes above a block', () => {
    const page = [
      '# Title',
      '<!-- prelude',
      "import { a } from 'a'",
      '-->',
      '```ts title="first.ts"',
      'export const first = 1',
      '```',
      '```ts',
      'a(1)',
      '```',
      'Text',
      '```ts continues',
      'a(2)',
      '```',
      '```ts no-check it is wrong on purpose',
      'a(',
      '```',
      '```sh',
      'npm test',
      '```',
    ]
    expect(codeOf(parsePage(page.join('\n')))).toEqual([
      { name: 'first.ts', title: 'first.ts', text: '\n\n\n\n\nexport const first = 1\n' },
      { name: 'block-at-line-8.ts', title: undefined, text: "\n\nimport { a } from 'a'\n\n\n\n\n\na(1)\n\n\n\na(2)\n" },
    ])
  })

  it('is also found in doc comments', () => {
    const source = ['/**', ' * A thing:', ' *', ' * ```ts', ' * thing()', ' * ```', ' */', 'export function thing() {}']
    const [file] = codeOf(parseComments(source.join('\n')))
    expect(file?.text).toBe('\n\n\n\nthing()\n')
  })

  it.each(['no-check', 'tilte="a.ts"', 'continues'])('refuses a block marked `%s`', (info) => {
    expect(() => codeOf(parsePage(`\`\`\`ts ${info}\n\`\`\``))).toThrow(/line 1/)
  })
})

describe('the documentation', () => {
  let folder: string
  beforeAll(async () => {
    // Within the repository, so that the packages are found.
    const cache = join(root, 'node_modules/.cache')
    await mkdir(cache, { recursive: true })
    folder = await mkdtemp(join(cache, 'docs-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('holds only TypeScript that type-checks', async () => {
    const files: string[] = []
    const write = async (path: string, file: CodeFile): Promise<void> => {
      const target = join(folder, path, file.name)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, file.text)
      files.push(relative(folder, target))
    }
    const pages = await readPages()
    for (const [path, page] of pages) {
      for (const file of codeIn(path, page)) await write(path, file)
    }
    // Examples in comments are modules of their own. They may import the contract that the README begins with.
    const contract = codeIn('README.md', pages.get('README.md')).find(({ title }) => title === 'contract.ts')
    for (const [path, page] of await readComments()) {
      const examples = codeIn(path, page)
      for (const file of examples) await write(path, file)
      if (examples.length > 0 && contract !== undefined) await write(path, contract)
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    const config = {
      extends: relative(folder, join(root, 'tsconfig.base.json')),
      compilerOptions: {
        // Pages show code for Node and for browsers.
        lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
        noEmit: true,
        // A user's project need not ask for it, and hooks read better without.
        noImplicitOverride: false,
        composite: false,
        declarationMap: false,
        rewriteRelativeImportExtensions: false,
      },
      files,
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    expect(await complaints(folder)).toEqual([])
  })
})

function codeIn(path: string, page: Page | undefined): CodeFile[] {
  if (page === undefined) throw new Error(`there is no ${path}`)
  try {
    return codeOf(page)
  } catch (error) {
    throw new Error(`${path}: ${String(error)}`, { cause: error })
  }
}

/** What the compiler says, as `docs/page.md(line,column): …`. */
async function complaints(folder: string): Promise<string[]> {
  try {
    await compile(['-p', 'tsconfig.json', '--pretty', 'false'], folder)
    return []
  } catch (error) {
    const lines = String(error)
      .split('\n')
      .filter((line) => / error TS/.test(line))
    if (lines.length === 0) throw error
    // What is wrong in a package itself is told by `npm run types`, with its place.
    return lines
      .filter((line) => !line.startsWith('..'))
      .map((line) => line.replace(/\/(block-at-line-\d+|[\w-]+)\.ts\(/, '('))
  }
}
