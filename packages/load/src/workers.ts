import { fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { FromWorker, ToWorker } from './messages.ts'

/** A process with bots, as whoever has started it sees it. */
export interface Worker {
  tell(message: ToWorker): void
  /** At once, whatever it does. */
  kill(): void
}

/** What a process tells. */
export interface WorkerEvents {
  message(message: FromWorker): void
  /** A line that the scenario has printed. */
  line(text: string): void
  /** It is gone. @param how `code 1`, `signal SIGKILL`. */
  exit(how: string): void
}

/** Starts a process that loads a scenario. */
export type StartWorker = (file: string, tsconfig: string | undefined, events: WorkerEvents) => Worker

/** As `node` runs this very file: from its source, or built. */
const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url))

/** In a process of its own, so that what the bots do keeps nobody from measuring and showing it. */
export const forkWorker: StartWorker = (file, tsconfig, events) => {
  const child = fork(entry, tsconfig === undefined ? [file] : [file, tsconfig], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  // What comes is what worker.ts sends.
  child.on('message', (message) => events.message(message as FromWorker))
  // A process whose bots never wait would not notice that it is alone.
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.on('exit', () => process.off('exit', end))
  child.on('error', (error) => events.exit(error.message))
  child.on('exit', (code, signal) => events.exit(signal === null ? `code ${code}` : `signal ${signal}`))
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) readLines(stream, (line) => events.line(line))
  }
  return {
    tell: (message) => {
      // It may be gone already, which `exit` tells.
      if (child.connected) child.send(message, () => {})
    },
    kill: end,
  }
}

function readLines(stream: Readable, take: (line: string) => void): void {
  createInterface({ input: stream }).on('line', take)
}
