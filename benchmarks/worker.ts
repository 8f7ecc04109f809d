// The main file of each measured process. See harness.ts.
import { mkdir, writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Answer, Part, Request } from './harness.ts'

let part: Part | undefined

async function start(value: unknown): Promise<unknown> {
  // Sent by Worker.start.
  const { module, role, settings } = value as { module: string; role: string; settings: unknown }
  const roles: Record<string, ((settings: unknown) => Part | Promise<Part>) | undefined> = await import(module)
  const begin = roles[role]
  if (begin === undefined) throw new Error(`it exports no function '${role}'`)
  part = await begin(settings)
  return part.ready
}

function sample(): unknown {
  const { user, system } = process.cpuUsage()
  return {
    cpu: user + system,
    time: performance.now(),
    memory: process.memoryUsage.rss(),
    counters: part?.counters?.() ?? {},
  }
}

setFlagsFromString('--expose-gc')
// The flag adds it to contexts made from now on.
const collectGarbage: () => void = runInNewContext('gc')

/** Leaves in memory only what is needed. Twice, for what the first time has let go of. */
function collect(): void {
  collectGarbage()
  collectGarbage()
}

let profiler: Session | undefined

async function startProfile(): Promise<void> {
  profiler = new Session()
  profiler.connect()
  await profiler.post('Profiler.enable')
  await profiler.post('Profiler.setSamplingInterval', { interval: 200 })
  await profiler.post('Profiler.start')
}

async function stopProfile(file: string): Promise<void> {
  const stopped = await profiler?.post('Profiler.stop')
  profiler?.disconnect()
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, JSON.stringify(stopped?.profile))
}

function answer(request: Request): unknown {
  if (request.kind === 'sample') return sample()
  if (request.kind === 'close') return part?.close()
  if (request.kind === 'start-profile') return startProfile()
  if (request.kind === 'stop-profile') return stopProfile(request.file)
  if (request.no === 0) return start(request.value)
  if (request.name === 'collect') return collect()
  const command = part?.commands?.[request.name]
  if (command === undefined) throw new Error(`there is no command '${request.name}'`)
  return command(request.value)
}

process.on('message', (request: Request) => {
  void (async () => {
    const { no } = request
    let reply: Answer
    try {
      reply = { no, value: await answer(request) }
    } catch (error) {
      const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
      reply = { no, error: { message, stack } }
    }
    process.send?.(reply)
  })()
})
// Ctrl+C reaches all processes of a terminal: whoever started this one ends it.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
