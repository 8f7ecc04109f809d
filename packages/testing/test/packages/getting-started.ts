import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parsePage, type Page } from '../docs/markdown.ts'
import { compile, root, run } from './run.ts'

// Does what docs/getting-started.md says: its files in an empty folder outside of the workspaces, the packages as packed,
// its commands, its output. Only the port is another one, and TypeScript, tsx and vite are those of the repository.

/** What docs/getting-started.md says. @param installed Yields a folder with the packed packages in its `node_modules`. */
export function describeGettingStarted(installed: () => Promise<string>): void {
  describe('docs/getting-started.md', () => {
    let project: string
    let page: Page

    beforeAll(async () => {
      project = join(await installed(), 'shopping')
      await mkdir(project)
      const text = await readFile(join(root, 'docs/getting-started.md'), 'utf8')
      page = parsePage(text.replaceAll('1727', String(await freePort())))
      for (const [title, content] of shownFiles(page)) await writeFile(join(project, title), content)
      await writeFile(
        join(project, 'package.json'),
        JSON.stringify({ name: 'shopping', private: true, type: 'module' }),
      )
    })

    it('shows files that type-check with the tsconfig it shows', async () => {
      await compile([], project)
    })

    it('shows commands and their output, and keeps the list over a restart as it says', async () => {
      const [serverShown, ...clientsShown] = shownCommands(page)
      expect(serverShown?.args).toEqual(['server.ts'])
      expect(clientsShown.length).toBeGreaterThan(0)
      const ready = serverShown?.output ?? ''

      let server = await start(project, ['server.ts'], ready)
      try {
        for (const { args, output } of clientsShown) expect(await tsx(project, args)).toBe(output)
      } finally {
        await stop(server)
      }
      server = await start(project, ['server.ts'], ready)
      try {
        expect(await tsx(project, ['client.ts', 'Ada'])).toBe(
          'milk, for Ada\nbread, for Ada\napples, for Bob\n3 on the list\n',
        )
      } finally {
        await stop(server)
      }
    })

    it('shows a page that can be built, with nothing of the contract but its types', async () => {
      await run(join(root, 'node_modules/.bin/vite'), ['build', '--logLevel', 'error'], project)
      const assets = join(project, 'dist/assets')
      const scripts = (await readdir(assets)).filter((name) => name.endsWith('.js'))
      expect(scripts).toHaveLength(1)
      const bundle = await readFile(join(assets, scripts[0] ?? ''), 'utf8')
      expect(bundle).toContain('the browser')
      expect(bundle).not.toContain('maxLength')
    })
  })
}

/** The blocks that are titled with a file's name. */
function shownFiles({ fences, lines }: Page): [title: string, text: string][] {
  return fences.flatMap(({ info, begin, end }) => {
    const [, title] = /^title="([\w./-]+)"$/.exec(info) ?? []
    return title === undefined ? [] : [[title, textOf(lines, begin, end)]]
  })
}

/** Commands for tsx that are followed by what they print. */
function shownCommands({ fences, lines }: Page): { args: string[]; output: string }[] {
  return fences.flatMap((fence, index) => {
    const next = fences[index + 1]
    const [, args] = /^npx tsx (.*)\n$/.exec(textOf(lines, fence.begin, fence.end)) ?? []
    if (args === undefined || next?.language !== 'text') return []
    return [{ args: args.split(' '), output: textOf(lines, next.begin, next.end) }]
  })
}

function textOf(lines: readonly string[], begin: number, end: number): string {
  return lines
    .slice(begin, end)
    .map((line) => `${line}\n`)
    .join('')
}

function tsx(project: string, args: string[]): Promise<string> {
  return run(join(root, 'node_modules/.bin/tsx'), args, project)
}

/** Starts a program and waits until it has printed `ready`. */
async function start(project: string, args: string[], ready: string): Promise<ChildProcess> {
  // Not by the command of tsx, which would stand between us and the process that is to be stopped.
  const loader = import.meta.resolve('tsx')
  const child = spawn(process.execPath, ['--import', loader, ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      printed += chunk.toString()
      if (printed.includes(ready)) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}\n${printed}`)))
  })
  expect(printed).toContain(ready)
  return child
}

/** As Ctrl-C does. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGINT')
  await exited
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
