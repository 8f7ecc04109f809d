import { env } from 'node:process'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'
import { ReplayReporter } from './scripts/replay-reporter.ts'

// Workspaces run from their sources, so that no build precedes a test.
const source = '@junto/source'

export default defineConfig(({ mode }) => {
  // `npm run test:long` tries each property twenty times as often.
  const factor = env['JUNTO_RUNS_FACTOR'] ?? (mode === 'long' ? '20' : '1')
  const long = Number(factor) > 1
  return {
    resolve: { conditions: [source, ...defaultClientConditions] },
    ssr: { resolve: { conditions: [source, ...defaultServerConditions], externalConditions: [source] } },
    test: {
      include: [
        'packages/*/src/**/*.test.ts',
        'packages/testing/test/**/*.test.ts',
        'examples/*/test/**/*.test.ts',
        'benchmarks/**/*.test.ts',
        'scripts/**/*.test.ts',
      ],
      exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/packed-app/**'],
      // They share nothing that one could spoil for another, and loading the sources anew for each file took half of the time.
      isolate: false,
      pool: 'forks',
      // As many as processors. A third, to compute while others wait, loads all sources once more: 227 s instead of 200.
      maxWorkers: 2,
      sequence: { sequencer: LongestFirst },
      // Properties make short-lived values in masses. More room for them before they are collected saves a fifteenth of all computing.
      execArgv: ['--max-semi-space-size=64'],
      env: { JUNTO_RUNS_FACTOR: factor },
      reporters: ['default', new ReplayReporter()],
      // What hangs ends then. A machine that does much else is ten times as slow, and that is no fault.
      testTimeout: long ? 900_000 : 120_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 30_000 } },
    },
  }
})
