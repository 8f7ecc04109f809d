#!/usr/bin/env node
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { env, exit, stderr, stdout } from 'node:process'
import { argumentsOf, help } from './arguments.ts'
import { MachineMeter } from './machine.ts'
import { exitCodes, run } from './run.ts'
import { SystemClock } from './system-clock.ts'
import { UsageError } from './usage-error.ts'
import { forkWorker } from './workers.ts'

async function main(argv: readonly string[]): Promise<number> {
  const args = argumentsOf(argv)
  if (args === 'help') {
    stdout.write(help)
    return exitCodes.met
  }
  if (args === 'version') {
    const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string }
    stdout.write(`${version}\n`)
    return exitCodes.met
  }
  const interrupt = new AbortController()
  const onSignal = (): void => {
    // Whoever asks twice means it. The processes with bots end with this one.
    if (interrupt.signal.aborted) exit(exitCodes.interrupted)
    interrupt.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const machine = new MachineMeter()
  return run(args, {
    clock: new SystemClock(),
    startWorker: forkWorker,
    processors: availableParallelism(),
    machine: () => machine.take(),
    freshSeed: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 1,
    screen: {
      isTerminal: stderr.isTTY && env['CI'] === undefined,
      get width() {
        return stderr.columns ?? 80
      },
      write: (text) => void stderr.write(text),
    },
    print: (text) => void stdout.write(text),
    isColored: stdout.isTTY && env['NO_COLOR'] === undefined,
    interrupt: interrupt.signal,
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  stderr.write(`junto-load: ${error.message}\n`)
  process.exitCode = exitCodes.fault
}
