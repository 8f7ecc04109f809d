import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

/**
 * Peers of other projects live in folders of their own, peers/NAME, each with a package.json, a lock file, and what they export. They are no
 * workspaces: `npm ci` of this repository does not fetch them, a benchmark does when it needs them.
 */
const folder = (name: string): URL => new URL(`./peers/${name}/`, import.meta.url)

/** The packages of a peer are not there and cannot be fetched. Its message says what to do. */
export class PeerUnavailable extends Error {}

/**
 * Installs a peer's packages, as its lock file says, unless they are there.
 *
 * @throws PeerUnavailable when they cannot be fetched.
 */
export function installPeer(name: string, say: (text: string) => void): void {
  // npm writes the second at the end of an installation.
  const [wanted, installed] = [locked(name, 'package-lock.json'), locked(name, 'node_modules/.package-lock.json')]
  if (installed !== undefined && isDeepStrictEqual(wanted, installed)) return
  say(`installing the packages of ${name}, once, in benchmarks/peers/${name}`)
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: fileURLToPath(folder(name)),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new PeerUnavailable(
      `The packages of the peer ${name} are not installed, and npm could not fetch them. With access to the registry, run\n` +
        `  npm ci --ignore-scripts --prefix benchmarks/peers/${name}\n` +
        `or leave the peer out with --only. What npm said:\n\n${text}`,
      { cause: error },
    )
  }
}

/** The packages that a lock file names, with their versions, without those that only some platforms get. */
function locked(name: string, file: string): Record<string, string> | undefined {
  const url = new URL(file, folder(name))
  if (!existsSync(url)) return undefined
  const { packages }: { packages: Record<string, { version?: string; optional?: boolean }> } = JSON.parse(
    readFileSync(url, 'utf8'),
  )
  return Object.fromEntries(
    Object.entries(packages).flatMap(([path, { version, optional }]) =>
      version && !optional ? [[path, version]] : [],
    ),
  )
}

/** Imports what a file of a peer exports: its index.js, unless another one is named. `T` is what the benchmark uses of it. */
export async function importPeer<T>(name: string, file = 'index.js'): Promise<T> {
  return await import(new URL(file, folder(name)).href)
}

/** The version of a package of a peer. */
export function versionOfPeer(name: string, library: string): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL(`node_modules/${library}/package.json`, folder(name)), 'utf8'),
  )
  return manifest.version
}
