import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

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

/** Folders of examples whose server was started here as `npm start` does. */
const started = new Set<string>()
/** What starts the server of an example in a moment, by folder: its program in one file. */
const bundles = new Map<string, Promise<string>>()

/** Puts the server of an example into one file: under tsx each of its modules takes its time, at every start anew. */
async function bundle(folder: string): Promise<string> {
  const cache = join(folder, '../../node_modules/.cache/servers')
  const file = join(cache, `${basename(folder)}.mjs`)
  // Whole at once, for whoever makes it at the same moment.
  const fresh = `${file}.${process.pid}`
  await mkdir(cache, { recursive: true })
  const esbuild = spawn(
    program('esbuild', 'bin/esbuild'),
    [
      'server.ts',
      '--bundle',
      '--format=esm',
      '--platform=node',
      '--target=node20',
      '--conditions=@junto/source',
      // Only development needs it.
      '--external:vite',
      `--define:import.meta.dirname=${JSON.stringify(folder)}`,
      // What ws and others require.
      "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
      `--outfile=${fresh}`,
      '--log-level=warning',
    ],
    { cwd: folder, stdio: 'inherit' },
  )
  const [code] = (await once(esbuild, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`esbuild ended with ${String(code)}`)
  await rename(fresh, file)
  return file
}

/** What Node is to run for the server of that folder. */
async function programOf(folder: string): Promise<readonly string[]> {
  if (!started.has(folder)) {
    started.add(folder)
    // With tsx as a loader there is one process, which gets the signals itself.
    return ['--import', 'tsx', '--conditions=@junto/source', 'server.ts']
  }
  const file = bundles.get(folder) ?? bundle(folder)
  bundles.set(folder, file)
  return [await file]
}

type Ending = [code: number | null, signal: NodeJS.Signals | null]

/** The server of an example in a process of its own: the first one run under tsx as `npm start` does, those after it from one file. */
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
    const child = spawn(process.execPath, await programOf(folder), {
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
