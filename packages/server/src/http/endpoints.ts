import type { IncomingMessage, ServerResponse } from 'node:http'
import { JuntoError } from '@junto/protocol'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { pathOf } from '../transport/upgrade.ts'
import { endpointsAt, type Endpoint, type HttpPaths } from './http-paths.ts'

/**
 * Whether new clients may be sent to a server, and if not, why.
 *
 * - `starting`: it does not listen yet.
 * - `draining`: it is about to stop. What is connected goes on for a while.
 * - `overloaded`: its memory runs short (limit `heapMark`). What is there goes on; nothing is added.
 * - `closed`: it has stopped.
 */
export type Readiness = 'ready' | 'starting' | 'draining' | 'overloaded' | 'closed'

/** Parts of {@link Endpoints}. */
export interface EndpointsOptions {
  readonly paths: HttpPaths | false | undefined
  readonly metrics: Metrics
  readonly logger: Logger
  readonly readiness: () => Readiness
}

/** What a server answers to plain HTTP: to orchestrators, load balancers and those who gather numbers. */
export class Endpoints {
  readonly #options: EndpointsOptions
  readonly #usual: ReadonlyMap<string, Endpoint>

  /** @throws JuntoError `misuse` naming a path that cannot be, or metrics that cannot be scraped. */
  constructor(options: EndpointsOptions) {
    this.#options = options
    this.#usual = this.#check(options.paths)
  }

  /**
   * Answers a request for one of the paths.
   *
   * @param paths Instead of the server's own.
   * @returns whether it was one: if not, nothing was done, and somebody else has to answer.
   */
  handle(request: IncomingMessage, response: ServerResponse, paths?: HttpPaths): boolean {
    const endpoint = (paths === undefined ? this.#usual : this.#check(paths)).get(pathOf(request))
    if (endpoint === undefined) return false
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const message = 'Only GET and HEAD are possible here.\n'
      answer(response, request, 405, { contentType: plain, body: message }, { Allow: 'GET, HEAD' })
    } else if (endpoint === 'health') {
      answer(response, request, 200, json({ status: 'ok' }))
    } else if (endpoint === 'ready') {
      const status = this.#options.readiness()
      answer(response, request, status === 'ready' ? 200 : 503, json({ status }))
    } else {
      void this.#showMetrics(request, response)
    }
    return true
  }

  async #showMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics, logger } = this.#options
    try {
      const exposition = await metrics.expose?.()
      if (exposition !== undefined) answer(response, request, 200, exposition)
    } catch (error) {
      logger.error('The metrics could not be shown', { error })
      answer(response, request, 500, { contentType: plain, body: 'The metrics could not be shown.\n' })
    }
  }

  #check(paths: HttpPaths | false | undefined): ReadonlyMap<string, Endpoint> {
    const endpoints = endpointsAt(paths)
    if (this.#options.metrics.expose === undefined && [...endpoints.values()].includes('metrics')) {
      throw new JuntoError(
        'misuse',
        'http.metrics needs metrics that can be scraped: new JuntoServer({ metrics: new PrometheusMetrics() }), from @junto/server/prometheus.',
      )
    }
    return endpoints
  }
}

interface Content {
  readonly contentType: string
  readonly body: string
}

const plain = 'text/plain; charset=utf-8'

function json(value: object): Content {
  return { contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` }
}

function answer(
  response: ServerResponse,
  request: IncomingMessage,
  status: number,
  { contentType, body }: Content,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    // What was true a moment ago helps nobody.
    'Cache-Control': 'no-store',
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
