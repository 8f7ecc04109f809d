import { JuntoError } from '@junto/protocol'

/** At which paths a server answers plain HTTP, beside its WebSockets. `false`: nowhere. */
export interface HttpPaths {
  /** Whether the process lives: 200 as long as it answers. Default: `/health`. */
  readonly health?: string | false
  /** Whether new clients may be sent here: 200, or 503 with the reason. Default: `/ready`. */
  readonly ready?: string | false
  /**
   * What the server has counted, for Prometheus. Needs metrics that can be scraped, such as `PrometheusMetrics` of
   * `@junto/server/prometheus`. They tell how busy you are: let a proxy keep this path from the outside. Default: nowhere.
   */
  readonly metrics?: string | false
}

/** What stands at a path. */
export type Endpoint = keyof HttpPaths

const usualPaths: Required<HttpPaths> = { health: '/health', ready: '/ready', metrics: false }

/**
 * What stands where.
 *
 * @throws JuntoError `misuse` naming a path that cannot be one, or that is two things.
 */
export function endpointsAt(paths: HttpPaths | false = {}): ReadonlyMap<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>()
  if (paths === false) return endpoints
  for (const endpoint of ['health', 'ready', 'metrics'] as const) {
    const path = paths[endpoint] ?? usualPaths[endpoint]
    if (path === false) continue
    if (!path.startsWith('/') || /[?#\s]/.test(path)) {
      throw new JuntoError('misuse', `http.${endpoint} begins with '/' and has no query: '${path}' does not fit.`)
    }
    const other = endpoints.get(path)
    if (other !== undefined) {
      throw new JuntoError(
        'misuse',
        `http.${endpoint} and http.${other} are both '${path}': give each a path of its own.`,
      )
    }
    endpoints.set(path, endpoint)
  }
  return endpoints
}
