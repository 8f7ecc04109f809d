import { execFileSync, fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Runs the server and the load of a measurement in processes of their own, so that the server's CPU time is the
 * server's alone. Such a process (worker.ts) imports one module and calls the function that it exports under the role's name.
 */

/** The path of a file, within the repository when it is of it. */
export function withinRepository(file: URL): string {
  const root = new URL('..', import.meta.url).pathname
  return file.pathname.startsWith(root) ? file.pathname.slice(root.length) : file.pathname
}

/** What a role's function returns. */
export interface Part {
  /** Told to whoever started the process: a port, for example. */
  readonly ready?: unknown
  /** What was done so far, by name. Read in the same moment as the CPU time. */
  counters?(): Record<string, number>
  readonly commands?: Readonly<Record<string, (value: unknown) => unknown>>
  close(): unknown
}

/** The state of a process at one moment. */
export interface Sample {
  /** CPU time used so far, user and system, in µs. */
  readonly cpu: number
  /** Monotonic time in ms. */
  readonly time: number
  /** Resident memory in bytes. */
  readonly memory: number
  readonly counters: Readonly<Record<string, number>>
}

export type Request =
  | { readonly no: number; readonly kind: 'sample' }
  | { readonly no: number; readonly kind: 'close' }
  | { readonly no: number; readonly kind: 'start-profile' }
  | { readonly no: number; readonly kind: 'stop-profile'; readonly file: string }
  | { readonly no: number; readonly kind: 'command'; readonly name: string; readonly value: unknown }
export interface Answer {
  readonly no: number
  readonly value?: unknown
  readonly error?: { readonly message: string; readonly stack: string }
}

export interface WorkerOptions {
  readonly module: URL
  /** The name of the function that the module exports. */
  readonly role: string
  readonly settings?: unknown
  /** Conditions of `exports` and `imports` besides Node's own: `browser`, to load what a page would. */
  readonly conditions?: readonly string[]
}

/** How long a process has for an answer, in ms: more than anything takes, also where the machine has other things to do. */
const patience = 180_000

/** Processes that run. */
const running = new Set<ChildProcess>()

/** Ends all processes at once: the run is over. */
export function killWorkers(): void {
  for (const child of running) child.kill('SIGKILL')
}

export class Worker {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  private lastNo = 0
  /** What the part told when it was ready. */
  ready: unknown

  static async start(options: WorkerOptions): Promise<Worker> {
    // tsx is for the benchmarks' own files. The packages come from their dist: see buildPackages.
    const conditions = options.conditions?.map((condition) => `--conditions=${condition}`) ?? []
    const execArgv = [...conditions, '--import', import.meta.resolve('tsx')]
    const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), {
      execArgv,
      env: { ...process.env, NODE_ENV: 'production' },
      serialization: 'advanced',
    })
    const { module, role, settings } = options
    const worker = new Worker(child, `${role} of ${withinRepository(module)}`)
    try {
      const value = { module: module.href, role, settings }
      worker.ready = await worker.request({ no: 0, kind: 'command', name: 'start', value })
    } catch (error) {
      worker.kill()
      throw error
    }
    return worker
  }

  private constructor(
    private readonly child: ChildProcess,
    private readonly label: string,
  ) {
    running.add(child)
    child.on('message', (answer: Answer) => {
      const waiting = this.waiting.get(answer.no)
      this.waiting.delete(answer.no)
      if (answer.error === undefined) waiting?.resolve(answer.value)
      else waiting?.reject(failure(this.label, answer.error))
    })
    child.on('exit', (code, signal) => {
      running.delete(child)
      for (const waiting of this.waiting.values())
        waiting.reject(new Error(`${this.label} ended with ${signal ?? code}`))
      this.waiting.clear()
    })
  }

  async sample(): Promise<Sample> {
    // The other end is worker.ts, of the same source.
    return (await this.request({ no: ++this.lastNo, kind: 'sample' })) as Sample
  }

  command(name: string, value?: unknown): Promise<unknown> {
    return this.request({ no: ++this.lastNo, kind: 'command', name, value })
  }

  /** Takes a CPU profile of the process while `work` goes on; nothing but that when there is no `file`. */
  async profiled<T>(file: string | undefined, work: () => Promise<T>): Promise<T> {
    if (file !== undefined) await this.request({ no: ++this.lastNo, kind: 'start-profile' })
    const result = await work()
    if (file !== undefined) await this.request({ no: ++this.lastNo, kind: 'stop-profile', file })
    return result
  }

  /** Lets the process compute on this core only, where there is one and `taskset` can do that; collecting garbage is left where it is. */
  keepOn(core: number): void {
    const { pid } = this.child
    if (process.platform === 'linux' && pid !== undefined) spawnSync('taskset', ['-cp', String(core), String(pid)])
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exited = once(this.child, 'exit')
    await this.request({ no: ++this.lastNo, kind: 'close' })
    if (this.child.connected) this.child.disconnect()
    await exited
  }

  /** For when something failed: ends the process at once. */
  kill(): void {
    this.child.kill('SIGKILL')
  }

  private async request(request: Request): Promise<unknown> {
    const { no, kind } = request
    const { promise, resolve, reject } = withResolvers()
    this.waiting.set(no, { resolve, reject })
    this.child.send(request, (error) => {
      if (error !== null) reject(new Error(`${this.label} is gone`, { cause: error }))
    })
    const what = kind === 'command' ? request.name : kind
    const impatient = setTimeout(() => {
      this.waiting.delete(no)
      reject(new Error(`${this.label} did not answer '${what}' within ${patience / 1000} s`))
    }, patience)
    try {
      return await promise
    } finally {
      clearTimeout(impatient)
    }
  }
}

// Promise.withResolvers comes with Node 22.
function withResolvers(): {
  promise: Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: Error) => void
} {
  let resolve: (value: unknown) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<unknown>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** What a process failed with: a message of one line, and where that happened. */
function failure(label: string, { message, stack }: { message: string; stack: string }): Error {
  const error = new Error(`${label} failed: ${message}`)
  error.stack = `${error.message}\n${stack}`
  return error
}

/** What happened in a process between two samples. */
export interface Window {
  /** CPU time in µs. */
  readonly cpu: number
  /** Share of one core. */
  readonly share: number
  readonly counters: Readonly<Record<string, number>>
}

export function between(from: Sample, to: Sample): Window {
  const cpu = to.cpu - from.cpu
  const counters: Record<string, number> = {}
  for (const [name, value] of Object.entries(to.counters)) counters[name] = value - (from.counters[name] ?? 0)
  return { cpu, share: cpu / 1000 / (to.time - from.time), counters }
}

/** Starts processes for the length of `work`, and ends them whatever happens. */
export async function withWorkers<T>(
  work: (start: (options: WorkerOptions) => Promise<Worker>) => Promise<T>,
): Promise<T> {
  const workers: Worker[] = []
  let over = false
  try {
    const result = await work(async (options) => {
      const worker = await Worker.start(options)
      // What was started at the same time has failed.
      if (over) worker.kill()
      else workers.push(worker)
      return worker
    })
    // The load first: a server whose clients are gone has little to close.
    for (const worker of workers.toReversed()) await worker.close()
    return result
  } catch (error) {
    over = true
    for (const worker of workers) worker.kill()
    throw error
  }
}

/** How many files and sockets a process of this machine may have open; Node raises it to the most that is allowed. */
export function openFiles(): number {
  if (process.platform !== 'linux') return Infinity
  const [, most] = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return most === undefined || most === 'unlimited' ? Infinity : Number(most)
}

const built = new Set<string>()

/** Builds packages and what they depend on, which the processes load without the condition @junto/source: measured is what would be published. Once in a run. */
export function buildPackages(names: readonly string[]): void {
  const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  const missing = names.filter((name) => !built.has(name))
  if (missing.length === 0) return
  const projects = missing.map((name) => file(`../packages/${name}/tsconfig.build.json`))
  execFileSync(file('../node_modules/.bin/tsc'), ['-b', ...projects], { stdio: 'inherit' })
  for (const name of missing) built.add(name)
}
