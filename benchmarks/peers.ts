import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * Peers of other projects live in folders of their own, peers/NAME, with a package.json and a lock file each. They are no
 * workspaces: `npm ci` of this repository does not fetch them, a benchmark does when it needs them.
 */
const folder = (name: string): URL => new URL(`./peers/${name}/`, import.meta.url)

/**
 * Installs a peer's packages, as its lock file says, unless they are there.
 *
 * @throws Error that says what to do, when they cannot be fetched.
 */
export function installPeer(name: string, say: (text: string) => void): void {
  const cwd = fileURLToPath(folder(name))
  // Written by npm at the end of an installation.
  if (existsSync(new URL('node_modules/.package-lock.json', folder(name)))) return
  say(`installing the packages of ${name}, once, in benchmarks/peers/${name}`)
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  } catch (error) {
    throw new Error(
      `The packages of ${name} are not installed, and npm could not fetch them. With access to the registry run\n` +
        `  npm ci --ignore-scripts --prefix benchmarks/peers/${name}`,
      { cause: error },
    )
  }
}

/** Imports a package of a peer. `T` is what the benchmark uses of it. */
export async function importPeer<T>(name: string, library: string): Promise<T> {
  const file = createRequire(new URL('package.json', folder(name))).resolve(library)
  return await import(pathToFileURL(file).href)
}

/** The version of a package of a peer. */
export function versionOfPeer(name: string, library: string): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL(`node_modules/${library}/package.json`, folder(name)), 'utf8'),
  )
  return manifest.version
}
