import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { compile, root } from './packages/run.ts'

// What a large contract costs the compiler of those who use it. Instantiations are counted, because they are the same on
// every machine. What is checked are declarations, as users get them: of the packages, and of the contract, for a client in
// another package than the server.

/** The calls of the contract. */
export const calls: readonly string[] = Array.from({ length: 300 }, (_, index) => `call${index}`)

/** The mutations of another contract. */
export const mutations: readonly string[] = calls.map((_, index) => `mutation${index}`)

const packages = ['schema', 'protocol', 'client']
const tests = ['**/*.test.ts', '**/*.fixture.ts']
const sourcesOf = (name: string): string => join(root, 'packages', name, 'src')

const contract = `
import { call, defineRoom, mutation, t } from '@junto/schema'
const Point = t.Object({ x: t.Number(), y: t.Number() })
const Item = t.Object({
  name: t.String(),
  points: t.Array(Point),
  by: t.Owner(),
  notes: t.Visible(['owner', 'editor'], t.Array(t.String())),
  near: t.Optional(t.Id('item')),
})
export const Large = defineRoom('large', {
  version: 1,
  join: t.Object({ name: t.String() }),
  state: t.Object({ items: t.Map(Item, { view: true }) }),
  clientToServer: {
    ${calls.map(declaration).join('\n    ')}
  },
  serverToClient: {},
})
export const Edited = defineRoom('edited', {
  version: 1,
  state: t.Object({ items: t.Map(Item) }),
  clientToServer: {},
  serverToClient: {},
  mutations: {
    ${mutations.map(declaration).join('\n    ')}
  },
  input: t.Object({ dx: t.Int8(), dy: t.Int8() }),
})
`

/** No two of them are alike. */
function declaration(name: string): string {
  const params = `t.Object({ id: t.String(), of_${name}: t.Uint32(), at: t.Optional(Point) })`
  const result = `t.Object({ to_${name}: t.String(), at: Point })`
  const builder = name.replace(/\d+/, '')
  return `${name}: ${builder}({ params: ${params}, result: ${result}, errors: { full: t.Object({ by_${name}: t.Integer() }) } }),`
}

/** What a program costs that uses nothing of it. */
const nothing = `
import { JuntoClient } from '@junto/client'
import type { Large } from 'the-contract'
export type Nothing = [typeof JuntoClient, typeof Large]
`
const noMutators = `
import type { Mutators } from '@junto/schema'
import type { Edited } from 'the-contract'
export type Nothing = [Mutators<never>, typeof Edited]
`

/** A client that uses all of it. */
export const everyCall = `
import { JuntoClient } from '@junto/client'
import type { Large } from 'the-contract'
const client = new JuntoClient({ url: 'ws://localhost' })
const room = await client.open<typeof Large>('large', { version: 1, key: 'a', join: { name: 'Ada' } })
room.watch((state) => state.items, { added: (item) => item.points.length + (item.notes?.length ?? 0) })
${calls.map(use).join('\n')}
`

function use(name: string): string {
  return `export const ${name}: string = (await room.call.${name}({ id: 'a', of_${name}: 1 })).to_${name}`
}

/** The mutators of the other contract. */
export const everyMutator = `
import type { Mutators } from '@junto/schema'
import type { Edited } from 'the-contract'
export const mutators: Mutators<typeof Edited> = {
  ${mutations.map(mutator).join('\n  ')}
  input(state, { dx }, { by, dt }) {
    const point = state.items.get(by)?.points.at(0)
    if (point !== undefined) point.x += dx * dt
  },
}
`

function mutator(name: string): string {
  return `${name}(state, { id, of_${name}, at }, { error, newId }) {
    const item = state.items.get(id)
    if (item === undefined) throw error('full', { by_${name}: of_${name} })
    if (at !== undefined) item.points.push(at)
    return { to_${name}: newId(), at: { x: 1, y: 2 } }
  },`
}

/** A contract with 300 calls, as a compiler meets it that checks programs against it. */
export class LargeContract implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  static async emitted(): Promise<LargeContract> {
    const cache = join(root, 'node_modules/.cache')
    await mkdir(cache, { recursive: true })
    const folder = await mkdtemp(join(cache, 'instantiations-'))
    await writeFile(join(folder, 'contract.ts'), contract)
    const large = new LargeContract(folder)
    try {
      // All files are named: what is only imported from one of our packages would count as somebody else's, and not be emitted.
      await large.compile(
        'declarations',
        { files: ['contract.ts'], include: packages.map(sourcesOf), exclude: tests },
        {
          rootDir: root,
          outDir: 'out',
          declaration: true,
          emitDeclarationOnly: true,
          noCheck: true,
        },
      )
    } catch (error) {
      await large[Symbol.asyncDispose]()
      throw error
    }
    return large
  }

  /** How many instantiations a client costs that uses all of it. */
  async clientCost(): Promise<number> {
    return (await this.instantiations('every-call', everyCall)) - (await this.instantiations('nothing', nothing))
  }

  /** How many it costs to write all mutators. */
  async mutatorsCost(): Promise<number> {
    return (
      (await this.instantiations('every-mutator', everyMutator)) -
      (await this.instantiations('no-mutators', noMutators))
    )
  }

  /** How many instantiations checking a program takes. Throws with what the compiler has to say against it. */
  async instantiations(name: string, program: string): Promise<number> {
    await writeFile(join(this.folder, `${name}.ts`), program)
    const said = await this.compile(
      name,
      { files: [`${name}.ts`] },
      {
        customConditions: [],
        noEmit: true,
        lib: ['es2023', 'dom', 'esnext.disposable'],
        paths: Object.fromEntries(this.declarations()),
      },
    )
    const count = /^Instantiations:\s+(\d+)$/m.exec(said)?.[1]
    if (count === undefined) throw new Error(`the compiler counted nothing:\n${said}`)
    return Number(count)
  }

  /** Where the declarations stand of what the programs import. */
  private declarations(): [specifier: string, files: readonly string[]][] {
    const emitted = (source: string): string[] => [`./out/${source}.d.ts`]
    const entries = packages.flatMap((name): [string, string[]][] => [
      [`@junto/${name}`, emitted(`packages/${name}/src/index`)],
      [`@junto/${name}/internal`, emitted(`packages/${name}/src/internal`)],
    ])
    return [...entries, ['the-contract', emitted(`${relative(root, this.folder)}/contract`)]]
  }

  private async compile(name: string, program: object, options: object): Promise<string> {
    const config = join(this.folder, `tsconfig.${name}.json`)
    const compilerOptions = { composite: false, declarationMap: false, sourceMap: false, ...options }
    await writeFile(config, JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions, ...program }))
    return compile(['-p', config, '--extendedDiagnostics'], this.folder)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }
}
