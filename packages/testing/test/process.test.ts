import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

// As users run their programs: a process of its own, under tsx, which treats decorators unlike vitest does.

const main = fileURLToPath(new URL('./fixtures/process/main.ts', import.meta.url))
const tsconfig = fileURLToPath(new URL('../../../tsconfig.base.json', import.meta.url))
const stops: (() => unknown)[] = []

afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Runs the program until it says that it is ready. */
async function start() {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@junto/source', main], {
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  stops.push(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  let output = ''
  let ready = () => {}
  const whenReady = new Promise<void>((resolve) => (ready = resolve))
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('ready\n')) ready()
    })
  }
  await Promise.race([whenReady, exit])
  return { child, exit, output: () => output }
}

test('services reach rooms by field and by decorated constructor, and SIGTERM ends all of it in order', async () => {
  const { child, exit, output } = await start()
  expect(output()).toBe('Good day, Ada, at last\nready\n')
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  expect(output().split('\n').slice(2)).toEqual(['room disposed', 'disposed', ''])
})
