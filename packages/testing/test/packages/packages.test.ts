import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeGettingStarted } from './getting-started.ts'
import { packAll, type Packed } from './pack.ts'
import { compile, npmInstall, run, tsc } from './run.ts'

// What a user gets from the registry: the packages as packed, without the condition @junto/source.

let folder: string
let packages: Packed[]
/** A folder outside of the workspaces in which all of them were installed. */
let installed: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'junto-packages-'))
  packages = await packAll(folder)
  installed = join(folder, 'installed')
  await mkdir(installed)
  await writeFile(join(installed, 'package.json'), JSON.stringify({ name: 'installed', private: true }))
  await npmInstall(
    installed,
    packages.map(({ tarball }) => tarball),
  )
})

/** A folder with the packages in its `node_modules`, but for those that it shall not know. */
async function projectWith(name: string, without: readonly string[] = []): Promise<string> {
  const project = join(folder, name)
  await cp(join(installed, 'node_modules'), join(project, 'node_modules'), { recursive: true, verbatimSymlinks: true })
  for (const one of without) await rm(join(project, 'node_modules', one), { recursive: true })
  return project
}

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a packed package', () => {
  it('holds its licence, what it is, what its exports name, and no tests', async () => {
    expect(packages.map(({ name }) => name)).toContain('@junto/server')
    for (const { name, files } of packages) {
      expect(files, name).toContain('LICENSE')
      expect(files, name).toContain('README.md')
      expect(files, name).toContain('dist/index.js')
      expect(files, name).toContain('dist/index.d.ts')
      expect(
        files.filter((file) => /\.(test|fixture)\.|tsbuildinfo$/.test(file)),
        name,
      ).toEqual([])
    }
  })

  it('passes publint', async () => {
    for (const { name, tarball } of packages) {
      const { buffer, byteOffset, byteLength } = await readFile(tarball)
      const bytes = buffer.slice(byteOffset, byteOffset + byteLength)
      const { messages, pkg } = await publint({ pkgDir: 'package', pack: { tarball: bytes }, strict: true })
      expect(
        messages.map((message) => formatMessage(message, pkg ?? {}, { color: false })),
        name,
      ).toEqual([])
    }
  })
})

describe('an empty project with the packed packages', () => {
  let project: string

  beforeAll(async () => {
    project = await projectWith('packed-app')
    await cp(fileURLToPath(new URL('../fixtures/packed-app', import.meta.url)), project, { recursive: true })
    await writeFile(
      join(project, 'package.json'),
      JSON.stringify({ name: 'packed-app', private: true, type: 'module' }),
    )
    await run(tsc, ['--init'], project)
  })

  it('type-checks with the tsconfig that `tsc --init` writes, and runs a server and a client', async () => {
    await compile(['-p', 'tsconfig.json'], project)
    expect(await run('node', ['main.js'], project)).toBe('ok\n')
  })

  it('runs the program junto-load, which finds the scenario and, here, no server', async () => {
    const scenario = `import { scenario } from 'junto-load'\nexport default scenario({ bot: async ({ client }) => void client })\n`
    await writeFile(join(project, 'scenario.ts'), scenario)
    const bin = join(project, 'node_modules/.bin/junto-load')
    await expect(run(bin, ['scenario.ts', '--url', 'ws://127.0.0.1:1'], project)).rejects.toThrow(
      /ended with 2\n(?:scenario\.ts is still loading\.\n)*junto-load: ws:\/\/127\.0\.0\.1:1 cannot be reached: nothing listens at 127\.0\.0\.1:1\. /,
    )
  })

  // With the declarations of the packages, and of what they depend on, checked too.
  it.each([
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])('type-checks without skipLibCheck under $moduleResolution', async ({ module, moduleResolution }) => {
    const config = `tsconfig.${moduleResolution}.json`
    const compilerOptions = { module, moduleResolution, target: 'es2022', strict: true, noEmit: true }
    await writeFile(join(project, config), JSON.stringify({ compilerOptions }))
    await compile(['-p', config], project)
  })
})

describeGettingStarted(() => projectWith('household', ['@junto/testing']))
