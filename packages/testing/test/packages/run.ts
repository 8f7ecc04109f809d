import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url))
export const tsc = join(root, 'node_modules/.bin/tsc')

/**
 * Runs the compiler, in one thread: several would each look into the same declarations, which takes twice the processor at a time when other
 * tests want it.
 */
export function compile(args: readonly string[], cwd: string): Promise<string> {
  return run(tsc, [...args, '--singleThreaded'], cwd)
}

/**
 * `npm install` of packed packages and what they depend on: from npm's cache where that has it. A request to the registry that
 * stalls is repeated, which npm itself would do after five minutes.
 */
export async function npmInstall(project: string, packages: readonly string[] = []): Promise<void> {
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--fetch-timeout=15000']
  await run('npm', ['install', ...options, ...packages], project)
}

/** Runs a program and returns what it printed; when it fails, the error says everything it had to say. */
export async function run(program: string, args: string[], cwd: string): Promise<string> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${out}${err}`)
  return out
}
