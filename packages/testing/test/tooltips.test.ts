import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root, tsc } from './packages/run.ts'

// What an editor shows of a state's types, asked of the compiler's language server.

const path = fileURLToPath(new URL('fixtures/tooltips.ts', import.meta.url))
const uri = pathToFileURL(path).href

/** What it shows for a name that the program exports, on one line. */
let tooltip: (name: string) => Promise<string>
/** What it says of a program that filters a map of the state. */
let complaints: (map: string) => Promise<string[]>
let end = (): void => {}

beforeAll(async () => {
  const text = await readFile(path, 'utf8')
  const lines = text.split('\n')
  const server = new LanguageServer()
  end = () => server.kill()
  const capabilities = { textDocument: { hover: { contentFormat: ['plaintext'] } } }
  await server.ask('initialize', { processId: process.pid, rootUri: pathToFileURL(root).href, capabilities })
  server.tell('initialized', {})
  server.tell('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text } })
  complaints = async (map) => {
    const other = uri.replace('.ts', `-${map}.ts`)
    const filtered = `${text}\ndeclare const view: import('@junto/server').MemberView<typeof Game>\nview.filter(${map}, () => true)\n`
    server.tell('textDocument/didOpen', {
      textDocument: { uri: other, languageId: 'typescript', version: 1, text: filtered },
    })
    const report = await server.ask('textDocument/diagnostic', { textDocument: { uri: other } })
    return (report as { items: { message: string }[] }).items.map(({ message }) => message)
  }
  tooltip = async (name) => {
    const line = lines.findIndex((code) => new RegExp(`^export (const|type) ${name} `).test(code))
    const position = { line, character: lines[line]?.indexOf(` ${name} `) ?? -1 }
    const hover = await server.ask('textDocument/hover', {
      textDocument: { uri },
      position: { ...position, character: position.character + 1 },
    })
    const { contents } = hover as { contents: { value: string } }
    return contents.value.replaceAll(/\s+/g, ' ').trim()
  }
})

afterAll(() => end())

it('on the server a record is shown with its fields, as they are read and written', async () => {
  expect(await tooltip('onServer')).toBe(
    'const onServer: { name: string; by: string; hand: StateList<{ face: number; }>; ping?: number | undefined; ' +
      'card: Id<{ face: number; }>; target?: Id<"player"> | undefined; } | undefined',
  )
  expect(await tooltip('serverCards')).toBe('const serverCards: StateMap<{ face: number; }>')
})

it('on the client what may be hidden is shown to be so', async () => {
  expect(await tooltip('onClient')).toBe(
    'const onClient: { readonly name: string; readonly by: string; readonly hand: readonly { readonly face: number; }[] | undefined; ' +
      'readonly ping?: number | undefined; readonly card: Id<{ face: number; }>; readonly target?: Id<"player">; } | undefined',
  )
  expect(await tooltip('clientCards')).toBe('const clientCards: ReadonlyMap<string, { readonly face: number; }>')
})

it('a first state is shown as the plain object it is, and tags by name', async () => {
  expect(await tooltip('First')).toBe(
    'type First = { players: { [key: string]: { name: string; by: string; hand: { face: number; }[]; ping?: number; ' +
      'card: Id<{ face: number; }>; target?: Id<"player">; }; }; cards: { [key: string]: { face: number; }; }; }',
  )
  expect(await tooltip('Tags')).toBe('type Tags = "referee"')
})

it('a filter of a map that all see is refused with what to write in the contract', async () => {
  expect(await complaints('server.cards')).toEqual([
    expect.stringMatching(/Property ''t\.Map\(T, \{ view: true \}\)'' is missing in type 'StateMap</),
  ])
  expect(await complaints('server.players')).toEqual([])
})

interface Message {
  readonly id?: number
  readonly method?: string
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** The compiler, spoken to by the Language Server Protocol. */
class LanguageServer {
  readonly #process = spawn(tsc, ['--lsp', '--stdio'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #received = Buffer.alloc(0)
  #lastId = 0

  constructor() {
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      for (let message = this.#next(); message !== undefined; message = this.#next()) this.#take(message)
    })
  }

  tell(method: string, params: unknown): void {
    this.#send({ method, params })
  }

  ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#send({ id, method, params })
    })
  }

  kill(): void {
    this.#process.kill()
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  #next(): Message | undefined {
    const head = this.#received.indexOf('\r\n\r\n')
    if (head === -1) return undefined
    const length = Number(/Content-Length: (\d+)/i.exec(this.#received.toString('utf8', 0, head))?.[1])
    const end = head + 4 + length
    if (this.#received.length < end) return undefined
    const body = this.#received.toString('utf8', head + 4, end)
    this.#received = this.#received.subarray(end)
    return JSON.parse(body) as Message
  }

  #take({ id, method, result, error }: Message): void {
    if (id === undefined) return
    // It asks for settings: there are none.
    if (method !== undefined) return this.#send({ id, result: method === 'workspace/configuration' ? [null] : null })
    const asked = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) asked?.reject(new Error(error.message))
    else asked?.resolve(result)
  }
}
