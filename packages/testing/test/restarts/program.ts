import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleProgram } from '../bundle.ts'

/** A server program in one file, which is up in a moment, and the folder where it saves. */
export class Program {
  readonly #folder: string
  readonly #running = new Set<RunningProgram>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** @param entry The file of its main module. */
  static async of(entry: string): Promise<Program> {
    const folder = await mkdtemp(join(tmpdir(), 'junto-restarts-'))
    await bundleProgram(entry, join(folder, 'program.mjs'))
    return new Program(folder)
  }

  /**
   * Starts it.
   *
   * @param data The name of the folder where it saves.
   * @param port 0: any.
   */
  async start(data: string, port = 0, grace = 10_000): Promise<RunningProgram> {
    const args = [join(this.#folder, 'program.mjs'), join(this.#folder, data), String(port), String(grace)]
    const running = new RunningProgram(args)
    this.#running.add(running)
    void running.exit.then(() => this.#running.delete(running))
    await running.says('listening ')
    return running
  }

  /** Ends all that runs, and removes what was saved. */
  async end(): Promise<void> {
    for (const running of this.#running) running.kill('SIGKILL')
    await Promise.all([...this.#running].map(({ exit }) => exit))
    await rm(this.#folder, { recursive: true })
  }
}

/** One process of it. */
export class RunningProgram {
  /** Its exit code and signal. */
  readonly exit: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>
  readonly #child
  readonly #heard = new Set<() => void>()
  /** All it has said. */
  output = ''

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.exit = once(this.#child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
        for (const look of this.#heard) look()
      })
    }
  }

  get port(): number {
    return Number(/listening (\d+)/.exec(this.output)?.[1])
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits until it has said something. @throws Error with all it said, when it ends without. */
  says(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.output.includes(text)) return
        this.#heard.delete(look)
        resolve()
      }
      this.#heard.add(look)
      look()
      void this.exit.then(() => reject(new Error(`it ended without saying '${text}': ${this.output}`)))
    })
  }
}
