import { access } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { register as registerRequire } from 'tsx/cjs/api'
import { register } from 'tsx/esm/api'
import { checkScenario, type Scenario } from './scenario.ts'
import { isUsageError, UsageError } from './usage-error.ts'

/**
 * Loads a scenario: TypeScript, with the aliases and extensionless imports of its tsconfig.json, as tsx does.
 *
 * @param tsconfig Which one. Default: the nearest above the file.
 * @throws UsageError when it cannot be loaded, or exports none.
 */
export async function loadScenario(file: string, tsconfig: string | undefined): Promise<Scenario> {
  const path = resolve(file)
  if (!(await exists(path))) throw new UsageError(`there is no file ${path}`)
  const config = tsconfig === undefined ? await tsconfigAbove(path) : resolve(tsconfig)
  if (tsconfig !== undefined && !(await exists(resolve(tsconfig)))) throw new UsageError(`there is no file ${tsconfig}`)
  if (config !== undefined) process.env['TSX_TSCONFIG_PATH'] = config
  // For all that is loaded from now on, not in a namespace of its own: the scenario's `@junto/client` has to be this package's.
  register(config === undefined ? {} : { tsconfig: config })
  registerRequire()
  let loaded: unknown
  try {
    loaded = await import(pathToFileURL(path).href)
  } catch (error) {
    throw isUsageError(error)
      ? new UsageError(`${file}: ${error.message}`)
      : new UsageError(`${file} cannot be loaded: ${reasonOf(error)}`, { cause: error })
  }
  const found = defaultOf(loaded)
  if (found === undefined) {
    throw new UsageError(`${file} has no default export: export default scenario({ async bot({ client }) { … } })`)
  }
  try {
    checkScenario(found)
  } catch (error) {
    throw isUsageError(error) ? new UsageError(`${file}: ${error.message}`) : error
  }
  return found
}

/** A module of CommonJS has its exports, with their own `default`, as its default. */
function defaultOf(loaded: unknown): unknown {
  if (typeof loaded !== 'object' || loaded === null || !('default' in loaded)) return undefined
  const found: unknown = loaded.default
  const isWrapped = typeof found === 'object' && found !== null && '__esModule' in found
  return isWrapped ? defaultOf(found) : found
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`
  if (/Cannot find (package|module) '?junto-load/.test(error.message)) {
    return `it imports 'junto-load', which its project does not have: npm install --save-dev junto-load`
  }
  // The compiler's messages have a place; others have it in the stack.
  if (error.name === 'TransformError' || error.stack === undefined) return error.message
  const isOurs = (line: string): boolean => /^\s+at .*(node:|junto-load|[\\/]load-scenario\.|[\\/]worker\.)/.test(line)
  return error.stack
    .split('\n')
    .filter((line) => !isOurs(line))
    .join('\n')
}

async function tsconfigAbove(path: string): Promise<string | undefined> {
  const folder = dirname(path)
  const config = join(folder, 'tsconfig.json')
  if (await exists(config)) return config
  return folder === dirname(folder) ? undefined : tsconfigAbove(folder)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
