import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The program `name` of an installed package. */
function program(name: string, path: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), path)
}

/** Builds the page of the example in that folder, as `npm start` does. */
export async function buildPage(folder: string): Promise<void> {
  const vite = spawn(process.execPath, [program('vite', 'bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: folder,
    stdio: 'inherit',
  })
  const [code] = (await once(vite, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`vite build ended with ${String(code)}`)
}

type Ending = [code: number | null, signal: NodeJS.Signals | null]

/** The server of an example in a process of its own, run under tsx as `npm start` does. */
export class ServerProcess {
  readonly url: string
  readonly #process: ChildProcess
  readonly #exited: Promise<Ending>
  readonly #output: () => string

  private constructor(url: string, child: ChildProcess, exited: Promise<Ending>, output: () => string) {
    this.url = url
    this.#process = child
    this.#exited = exited
    this.#output = output
  }

  /**
   * Starts the server.ts of that folder and waits until it says where it is. It takes any free port, unless the variables for its environment
   * name one in `PORT`.
   */
  static async start(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    // With tsx as a loader there is one process, which gets the signals itself.
    const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@junto/source', 'server.ts'], {
      cwd: folder,
      env: {
        ...process.env,
        TSX_TSCONFIG_PATH: join(folder, '../../tsconfig.base.json'),
        HOST: '127.0.0.1',
        PORT: '0',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = once(child, 'exit') as Promise<Ending>
    let output = ''
    const url = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        output += chunk.toString()
        const address = /http:\/\/[\d.]+:\d+/.exec(output)
        if (address !== null) resolve(address[0])
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      void exited.then(([code]) =>
        reject(new Error(`The server ended with ${String(code)} before it listened:\n${output}`)),
      )
    })
    return new ServerProcess(url, child, exited, () => output)
  }

  get port(): string {
    return new URL(this.url).port
  }

  /**
   * What it wrote about things that went wrong. That a room held up the event loop says, beside several browser windows on
   * two cores, that the machine was busy.
   */
  get complaints(): string[] {
    return this.#output()
      .split('\n')
      .filter((line) => !/^\s*$|info:|^ {2}The [\w ]+ is on http|held up the event loop/.test(line))
  }

  /** Stops the process where it stands, as when a machine does other things, or lets it go on. */
  stall(stalled: boolean): void {
    this.#process.kill(stalled ? 'SIGSTOP' : 'SIGCONT')
  }

  /** Sends the signal and waits for the end; resolves with the exit code, if it ended by itself. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#process.kill(signal)
    const [code] = await this.#exited
    return code
  }
}
