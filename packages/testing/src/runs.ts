import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How a property is run, in the form that fast-check's `assert` takes. */
export interface Runs {
  readonly numRuns: number
  readonly seed?: number
  readonly path?: string
  readonly endOnFailure?: boolean
}

/**
 * How often a property is tried: as often as it says, or so many times more often as `JUNTO_RUNS_FACTOR` says.
 *
 * With `JUNTO_SEED` and `JUNTO_PATH`, as fast-check prints them of a property that failed, it is that one run again.
 *
 * @param usual how often in an ordinary run of the tests: so often that it takes no longer than a second or two
 */
export function runs(usual: number): Runs {
  const { JUNTO_SEED: seed, JUNTO_PATH: path } = process.env
  const numRuns = usual * factor()
  if (seed === undefined) return { numRuns }
  const again = { numRuns, seed: whole('JUNTO_SEED', seed, Number.MIN_SAFE_INTEGER) }
  return path === undefined ? again : { ...again, path, endOnFailure: true }
}

/** Seeds of histories, from 1 on: so many as {@link runs} would try, or the one of `JUNTO_SEED`. */
export function seeds(usual: number): readonly number[] {
  const { numRuns, seed } = runs(usual)
  return seed === undefined ? Array.from({ length: numRuns }, (_, index) => index + 1) : [seed]
}

/**
 * The command that runs a test again with one seed alone, where it takes its seeds from {@link seeds}.
 *
 * @param file the test's. Default: the file that calls, through whatever functions of this package.
 */
export function replayCommand(seed: number, file: string | undefined = callingFile()): string {
  if (file === undefined) return `JUNTO_SEED=${seed} before the command that runs the test`
  const path = relative(process.cwd(), file)
  return `JUNTO_SEED=${seed} ${process.env['VITEST'] === undefined ? 'node' : 'npx vitest run'} ${path}`
}

/**
 * The file outside of this folder that a call comes from. Asynchronous calls are followed as far as the engine does.
 *
 * @param stack of an error that was made in the call. Default: of the present one.
 * @internal
 */
export function callingFile(stack: string | undefined = new Error().stack): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url))
  for (const line of (stack ?? '').split('\n').slice(1)) {
    const [, url] = /\(?((?:file:\/\/)?\/[^\s()]+?):\d+:\d+\)?$/.exec(line) ?? []
    if (url === undefined) continue
    const file = url.startsWith('file:') ? fileURLToPath(url) : url
    if (dirname(file) !== here || /\.test\.\w+$/.test(file)) return file
  }
  return undefined
}

function factor(): number {
  const given = process.env['JUNTO_RUNS_FACTOR']
  return given === undefined ? 1 : whole('JUNTO_RUNS_FACTOR', given, 1)
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
  throw new RangeError(`${name} is '${text}', and must be a whole number${least > 0 ? ` from ${least} on` : ''}`)
}
