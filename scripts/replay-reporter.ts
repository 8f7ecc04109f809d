import { relative } from 'node:path'
import type { Reporter, TestCase } from 'vitest/node'

/** Says behind the summary how each property that failed is run again, with the one input that it failed with. */
export class ReplayReporter implements Reporter {
  readonly #commands: string[] = []

  onTestCaseResult(test: TestCase): void {
    for (const { message } of test.result().errors ?? []) {
      const command = replayCommand(relative(process.cwd(), test.module.moduleId), test.fullName, message)
      if (command !== undefined) this.#commands.push(command)
    }
  }

  onTestRunEnd(): void {
    if (this.#commands.length > 0) console.log(`Once more, with what failed alone:\n${this.#commands.join('\n')}\n`)
    this.#commands.length = 0
  }
}

/**
 * The command that runs a property again.
 *
 * @param name the test's, with those of the blocks around it before it, as vitest joins them
 * @param message what fast-check said of it; nothing comes of any other error.
 */
export function replayCommand(file: string, name: string, message: string): string | undefined {
  const [, seed, path] = /\{ seed: (-?\d+), path: "([\d:]+)"/.exec(message) ?? []
  if (seed === undefined || path === undefined) return undefined
  // vitest compares the names joined by spaces with a regular expression.
  const pattern = name.replaceAll(' > ', ' ').replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return `JUNTO_SEED=${seed} JUNTO_PATH=${path} npx vitest run ${file} -t '${pattern.replaceAll("'", '.')}'`
}
