// The main file of each measured process. See harness.ts.
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

function answer(request: Request): unknown {
  if (request.kind === 'sample') return sample()
  if (request.kind === 'close') return part?.close()
  if (request.no === 0) return start(request.value)
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
      reply = { no, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
    process.send?.(reply)
  })()
})
// A profile is written when the process ends by itself.
process.on('disconnect', () => process.exit())
