import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { withinRepository } from './harness.ts'

/**
 * Peers of other projects live in folders of their own, peers/NAME, each with a package.json, a lock file, and what they export. They are no
 * workspaces: `npm ci` of this repository does not fetch them, a benchmark does when it needs them.
 */
const folder = (name: string): URL => new URL(`./peers/${name}/`, import.meta.url)

/** Packages are not there and cannot be fetched. Its message says what to do. */
export class PackagesUnavailable extends Error {}

/**
 * Installs a peer's packages, as its lock file says, unless they are there.
 *
 * @throws PackagesUnavailable when they cannot be fetched.
 */
export function installPeer(name: string, say: (text: string) => void): void {
  installPackages(folder(name), `the peer ${name}`, say)
}

/** What could not be fetched is not asked for again in this run: without a network, each time takes a minute. */
const unfetched = new Map<string, PackagesUnavailable>()

/**
 * Installs the packages of a folder that is no workspace, as its lock file says, unless they are there.
 *
 * @param place The folder, with a slash at its end.
 * @param what Whose packages they are, for what is said.
 * @throws PackagesUnavailable when they cannot be fetched.
 */
export function installPackages(place: URL, what: string, say: (text: string) => void): void {
  // npm writes the second at the end of an installation.
  const [wanted, installed] = [locked(place, 'package-lock.json'), locked(place, 'node_modules/.package-lock.json')]
  const isNothing = wanted !== undefined && Object.keys(wanted).length === 0
  if (isNothing || (installed !== undefined && isDeepStrictEqual(wanted, installed))) return
  const path = withinRepository(place).replace(/\/$/, '')
  const before = unfetched.get(path)
  if (before !== undefined) throw before
  say(`installing the packages of ${what}, once, in ${path}`)
  try {
    execFileSync(
      'npm',
      ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-retry-mintimeout=2000'],
      {
        cwd: fileURLToPath(place),
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
  } catch (error) {
    const failure = new PackagesUnavailable(
      `the packages in ${path} are not installed, and npm could not fetch them. With access to the registry, run ` +
        `npm ci --ignore-scripts --prefix ${path}. What npm said: ${whatNpmSaid(error)}`,
      { cause: error },
    )
    unfetched.set(path, failure)
    throw failure
  }
}

/** Its errors, in a line. */
function whatNpmSaid(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
  const lines = said.split('\n').flatMap((line) => /^npm (?:error|ERR!) (.+)$/.exec(line)?.[1] ?? [])
  // The first lines say what is wrong, those that follow how npm is used.
  return lines.slice(0, 3).join('; ') || said.trim()
}

/** The packages that a lock file names, with their versions, without those that only some platforms get. */
function locked(place: URL, file: string): Record<string, string> | undefined {
  const url = new URL(file, place)
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
