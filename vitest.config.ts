import { env } from 'node:process'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { ReplayReporter } from './scripts/replay-reporter.ts'

// Workspaces run from their sources, so that no build precedes a test.
const source = '@junto/source'

export default defineConfig(({ mode }) => {
  // `npm run test:long` tries each property twenty times as often. The projects read this file again, in a mode of their own: what was
  // asked for is handed on by the environment.
  if (mode === 'long') env['JUNTO_RUNS_FACTOR'] ??= '20'
  const factor = env['JUNTO_RUNS_FACTOR'] ?? '1'
  const long = Number(factor) > 1
  return {
    resolve: { conditions: [source, ...defaultClientConditions] },
    ssr: { resolve: { conditions: [source, ...defaultServerConditions], externalConditions: [source] } },
    test: {
      exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/packed-app/**'],
      projects: [
        {
          extends: true,
          test: {
            name: 'parts',
            include: [
              'packages/*/src/**/*.test.ts',
              'packages/testing/test/simulation/*.test.ts',
              'benchmarks/**/*.test.ts',
              'scripts/**/*.test.ts',
            ],
            maxWorkers: 2,
            // They share nothing that one could spoil for another, and loading the sources anew for each file took half of the time.
            isolate: false,
            sequence: { groupOrder: 0 },
          },
        },
        {
          extends: true,
          test: {
            name: 'whole',
            include: ['packages/testing/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
            exclude: [
              '**/node_modules/**',
              '**/dist/**',
              '**/fixtures/packed-app/**',
              'packages/testing/test/simulation/**',
            ],
            // Two at a time: these start processes and browsers of their own. As above, they share what they load: that alone took a minute.
            maxWorkers: 2,
            isolate: false,
            sequence: { groupOrder: 1 },
          },
        },
      ],
      pool: 'forks',
      // Properties make short-lived values in masses. More room for them before they are collected saves a fifteenth of all computing.
      execArgv: ['--max-semi-space-size=64'],
      env: { JUNTO_RUNS_FACTOR: factor },
      reporters: ['default', new ReplayReporter()],
      testTimeout: long ? 900_000 : 20_000,
      hookTimeout: 60_000,
    },
  }
})
