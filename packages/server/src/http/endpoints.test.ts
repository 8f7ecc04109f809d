import { createServer, request } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { JuntoError } from '@junto/protocol'
import { afterEach, expect, test } from 'vitest'
import { SilentLogger } from '../observe/log.ts'
import { MemoryMetrics } from '../observe/metrics.ts'
import type { Exposition } from '../observe/metrics.ts'
import { Endpoints, type EndpointsOptions, type Readiness } from './endpoints.ts'
import { endpointsAt } from './http-paths.ts'

class ScrapedMetrics extends MemoryMetrics {
  fails = false

  override async expose(): Promise<Exposition> {
    if (this.fails) throw new Error('a gauge broke')
    return { contentType: 'text/plain; version=0.0.4', body: 'x 1\n' }
  }
}

let http: Server | undefined

afterEach(() => {
  http?.closeAllConnections()
  http?.close()
})

async function serve(options: Partial<EndpointsOptions> = {}) {
  const endpoints = new Endpoints({
    paths: undefined,
    metrics: new MemoryMetrics(),
    logger: new SilentLogger(),
    readiness: () => 'ready',
    ...options,
  })
  http = createServer((asked, response) => {
    if (!endpoints.handle(asked, response)) response.writeHead(418).end('not mine')
  })
  const server = http
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return (path: string, method = 'GET') =>
    new Promise<{ status: number | undefined; body: string; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const asked = request({ port, path, method, host: '127.0.0.1' }, (response) => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', (piece: string) => (body += piece))
          response.on('end', () => resolve({ status: response.statusCode, body, headers: response.headers }))
        })
        asked.on('error', reject)
        asked.end()
      },
    )
}

test('health and readiness by default, metrics only when asked for', async () => {
  const ask = await serve()
  expect(await ask('/health')).toMatchObject({ status: 200, body: '{"status":"ok"}\n' })
  expect(await ask('/ready?verbose=1')).toMatchObject({ status: 200, body: '{"status":"ready"}\n' })
  expect((await ask('/metrics')).status).toBe(418)
  expect((await ask('/healthy')).status).toBe(418)
  const { headers } = await ask('/ready')
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  expect(headers['cache-control']).toBe('no-store')
})

test.each<Readiness>(['starting', 'draining', 'overloaded', 'closed'])(
  'not ready: %s, and says so; health stays',
  async (why) => {
    const ask = await serve({ readiness: () => why })
    expect(await ask('/ready')).toMatchObject({ status: 503, body: `{"status":"${why}"}\n` })
    expect((await ask('/health')).status).toBe(200)
  },
)

test('HEAD has no body, and other methods are refused', async () => {
  const ask = await serve()
  expect(await ask('/ready', 'HEAD')).toMatchObject({ status: 200, body: '' })
  const { status, headers } = await ask('/health', 'POST')
  expect([status, headers['allow']]).toEqual([405, 'GET, HEAD'])
})

test('metrics at their path; one that fails costs the answer, and is logged', async () => {
  const metrics = new ScrapedMetrics()
  const errors: string[] = []
  const logger = Object.assign(new SilentLogger(), { error: (message: string) => void errors.push(message) })
  const ask = await serve({ paths: { metrics: '/numbers', health: false }, metrics, logger })
  const { status, body, headers } = await ask('/numbers')
  expect([status, body, headers['content-type']]).toEqual([200, 'x 1\n', 'text/plain; version=0.0.4'])
  expect((await ask('/health')).status).toBe(418)
  expect((await ask('/ready')).status).toBe(200)
  metrics.fails = true
  expect((await ask('/numbers')).status).toBe(500)
  expect(errors).toEqual(['The metrics could not be shown'])
})

test('what cannot be is refused when the server is made, by name', () => {
  const make = (options: Partial<EndpointsOptions>) => () =>
    new Endpoints({
      paths: undefined,
      metrics: new MemoryMetrics(),
      logger: new SilentLogger(),
      readiness: () => 'ready',
      ...options,
    })
  expect(make({ paths: { metrics: '/metrics' } })).toThrow(
    /^http\.metrics needs metrics that can be scraped: .*PrometheusMetrics/,
  )
  expect(make({ paths: { health: 'health' } })).toThrow(
    "http.health begins with '/' and has no query: 'health' does not fit.",
  )
  expect(make({ paths: { ready: '/x?y' } })).toThrow("http.ready begins with '/'")
  expect(make({ paths: { ready: '/health' } })).toThrow("http.ready and http.health are both '/health'")
  expect(make({ paths: { ready: '' } })).toThrow(JuntoError)
  expect(endpointsAt(false).size).toBe(0)
})
