import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JuntoClient, type OpenSocket } from '@junto/client'
import { call, defineRoom, t } from '@junto/schema'
import { JuntoServer, MemoryStore, Room, SilentLogger } from '@junto/server'
import { PrometheusMetrics } from '@junto/server/prometheus'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { parsePage } from '../docs/markdown.ts'
import { root } from '../packages/run.ts'
import { selfSigned } from '../security/certificate.fixture.ts'

// A real nginx with what docs/deploy.md says, before a real server.

const program = '/usr/sbin/nginx'

const Door = defineRoom('door', {
  version: 1,
  user: t.Object({ from: t.String() }),
  state: t.Object({ rung: t.Integer() }),
  clientToServer: { ring: call({ result: t.String() }) },
  serverToClient: {},
})

class DoorRoom extends Room(Door) {
  onCreate() {
    return { rung: 0 }
  }
  readonly handlers = this.handle({
    ring: (_, { member }) => {
      this.state.rung++
      return member.user.from
    },
  })
}

const inNginx = existsSync(program)
  ? describe
  : (name: string, tests: () => void) =>
      describe.skip(`${name} (needs ${program}: apt-get install -y nginx-light)`, tests)

inNginx('nginx as docs/deploy.md has it', () => {
  const { cert, key } = selfSigned()
  const store = new MemoryStore()
  const ends: (() => unknown)[] = []
  let folder: string
  let config: string
  /** Of the server, and of nginx before it. */
  let inside: number, outside: number

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nginx-'))
    ends.push(() => rm(folder, { recursive: true, force: true }))
    ;[inside, outside] = await freePorts()
    await writeFile(join(folder, 'game.pem'), cert)
    await writeFile(join(folder, 'game.key'), key)
    const shown = (await blockOf('nginx'))
      .replace('127.0.0.1:1727', `127.0.0.1:${inside}`)
      .replace('listen 443', `listen 127.0.0.1:${outside}`)
      .replace('/etc/ssl/game.example.pem', join(folder, 'game.pem'))
      .replace('/etc/ssl/game.example.key', join(folder, 'game.key'))
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (what) => `${what}_temp_path ${join(folder, what)};`,
    )
    config = join(folder, 'nginx.conf')
    await writeFile(
      config,
      `daemon off; pid ${join(folder, 'pid')}; error_log stderr;\nevents {}\n` +
        `http { access_log off; ${temporary.join(' ')}\n${shown} }\n`,
    )
  })

  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })

  /** Starts nginx, and waits until it listens. */
  async function proxy(): Promise<void> {
    const child = spawn(program, ['-p', folder, '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const exited = once(child, 'exit')
    ends.push(async () => {
      child.kill('SIGTERM')
      await exited
    })
    await expect.poll(() => reaches(outside), { message: said, timeout: 10_000 }).toBe(true)
  }

  async function serve(): Promise<JuntoServer> {
    const server = new JuntoServer({
      port: inside,
      host: '127.0.0.1',
      trustProxy: 1,
      store,
      logger: new SilentLogger(),
      http: { metrics: '/metrics' },
      metrics: new PrometheusMetrics(),
    })
    server.define(Door, DoorRoom, {
      persist: true,
      authenticate: ({ remoteAddress }) => ({ from: remoteAddress }),
    })
    await server.listen()
    ends.push(() => server.close())
    return server
  }

  /** A client that trusts the certificate, and says itself where it comes from. */
  function client(): JuntoClient {
    const open: OpenSocket = (url, subprotocol, events) => {
      const headers = { 'x-forwarded-for': '203.0.113.9' }
      const socket = new WebSocket(url, subprotocol, { ca: cert, headers, perMessageDeflate: false })
      socket.on('open', () => events.open())
      socket.on('message', (data: Buffer) => events.message(data))
      socket.on('error', () => {})
      socket.on('close', (code, reason) => events.close(code, reason.toString()))
      return {
        get bufferedAmount() {
          return socket.bufferedAmount
        },
        send: (message) => socket.send(message),
        close: (code, reason) => socket.close(code, reason),
      }
    }
    const made = new JuntoClient({ url: `wss://127.0.0.1:${outside}`, socket: open, auth: () => 'ada' })
    ends.push(() => made.close())
    return made
  }

  /** The answer to a plain request through nginx. */
  const status = (path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port: outside, path, ca: cert }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
    })

  test('is what nginx understands', () => {
    expect(() => execFileSync(program, ['-t', '-p', folder, '-c', config], { stdio: 'pipe' })).not.toThrow()
  })

  test('passes on connections, says where clients come from, and keeps the numbers to itself', async () => {
    await serve()
    await proxy()
    const door = await client().open(Door, { key: 'front' })
    // Not what the client says, but what nginx has seen.
    expect(await door.call.ring()).toBe('127.0.0.1')
    expect(door.state.rung).toBe(1)
    expect([await status('/health'), await status('/ready'), await status('/metrics')]).toEqual([200, 200, 404])
  })

  test(
    'answers so that clients come back by themselves when the server is restarted behind it',
    { timeout: 60_000 },
    async () => {
      const server = await serve()
      await proxy()
      const door = await client().open(Door, { key: 'back' })
      await door.call.ring()
      const before = door.memberId
      await server.close()
      expect(await status('/ready')).toBe(502)
      await serve()
      await expect.poll(() => door.status.value.state, { timeout: 50_000 }).toBe('joined')
      expect(await door.call.ring()).toBe('127.0.0.1')
      expect([door.memberId, door.state.rung]).toEqual([before, 2])
    },
  )
})

/** The block of that language in docs/deploy.md. */
async function blockOf(language: string): Promise<string> {
  const { fences, lines } = parsePage(await readFile(join(root, 'docs/deploy.md'), 'utf8'))
  const fence = fences.find((each) => each.language === language)
  if (fence === undefined) throw new Error(`docs/deploy.md shows no ${language}`)
  return lines.slice(fence.begin, fence.end).join('\n')
}

/** Two ports that nobody listens on. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port
    }),
  )
  for (const server of servers) server.close()
  return [ports[0] ?? 0, ports[1] ?? 0]
}

function reaches(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (reached: boolean): void => {
      socket.destroy()
      resolve(reached)
    }
    socket.on('connect', () => done(true)).on('error', () => done(false))
  })
}
