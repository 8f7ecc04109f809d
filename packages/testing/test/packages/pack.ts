import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compile, root, run } from './run.ts'

export interface Packed {
  /** As published: `@junto/schema`. */
  name: string
  tarball: string
  /** What the tarball holds, relative to the package. */
  files: string[]
}

/**
 * Builds and packs every package as it would be published, in a copy of the sources inside `folder`.
 * A copy, because a developer's `dist` may hold files whose source is gone, and because somebody else
 * may be building there at the same moment.
 */
export async function packAll(folder: string): Promise<Packed[]> {
  const workspace = join(folder, 'workspace')
  const tarballs = join(folder, 'tarballs')
  await mkdir(tarballs, { recursive: true })
  const names = await copySources(workspace)
  await linkDependencies(join(root, 'node_modules'), join(workspace, 'node_modules'))

  const projects = names.map((name) => `packages/${name}/tsconfig.build.json`)
  await compile(['-b', ...projects], workspace)

  const listing = await run('npm', ['pack', '--workspaces', '--json', '--pack-destination', tarballs], workspace)
  const packed: PackListing = JSON.parse(listing)
  return packed.map(({ name, filename, files }) => ({
    name,
    tarball: join(tarballs, filename),
    files: files.map(({ path }) => path),
  }))
}

type PackListing = { name: string; filename: string; files: { path: string }[] }[]

async function copySources(workspace: string): Promise<string[]> {
  const names = await readdir(join(root, 'packages'))
  await mkdir(join(workspace, 'node_modules/@junto'), { recursive: true })
  await writeFile(join(workspace, 'package.json'), JSON.stringify({ private: true, workspaces: ['packages/*'] }))
  await cp(join(root, 'tsconfig.base.json'), join(workspace, 'tsconfig.base.json'))
  for (const name of names) {
    const from = join(root, 'packages', name)
    const to = join(workspace, 'packages', name)
    for (const part of ['package.json', 'README.md', 'LICENSE', 'tsconfig.build.json', 'src']) {
      await cp(join(from, part), join(to, part), { recursive: true })
    }
    const { name: published }: { name: string } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'))
    await symlink(to, join(workspace, 'node_modules', published))
  }
  return names
}

/** Everything installed in `from` is found in `to`, except our own packages, which are to come from the copy. */
async function linkDependencies(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from)) {
    if (entry.startsWith('.') || entry === '@junto' || entry === 'junto-load') continue
    if (entry.startsWith('@')) {
      await mkdir(join(to, entry))
      await linkDependencies(join(from, entry), join(to, entry))
    } else {
      await symlink(join(from, entry), join(to, entry))
    }
  }
}
