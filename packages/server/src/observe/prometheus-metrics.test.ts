import { JuntoError } from '@junto/protocol'
import { Gauge, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { PrometheusMetrics } from './prometheus-metrics.ts'
import { ownSeries, type SeriesDescription } from './series.ts'

/** The lines of an exposition, without what the process says of itself. */
async function linesOf(metrics: PrometheusMetrics): Promise<string[]> {
  const { body } = await metrics.expose()
  return body.split('\n').filter((line) => /^(?:# (?:HELP|TYPE) )?(?:junto|app)_/.test(line))
}

function build(): PrometheusMetrics {
  return new PrometheusMetrics({ registry: new Registry() })
}

test('counters, gauges and histograms in the format that Prometheus reads', async () => {
  const metrics = build()
  metrics.count('resumes', { outcome: 'resumed' }, 2)
  metrics.count('resumes', { outcome: 'lost' })
  metrics.gauge('sessions_away').set(7)
  metrics.gauge('sessions_away').add(-2)
  const sizes = metrics.histogram('patch_bytes', { room: 'board' }, [10, 100])
  sizes.observe(10)
  sizes.observe(50)
  const lines = await linesOf(metrics)
  expect(lines).toContain('# TYPE junto_resumes_total counter')
  expect(lines).toContain(`# HELP junto_resumes_total ${ownSeries.resumes.help}`)
  expect(lines).toContain('junto_resumes_total{outcome="resumed"} 2')
  expect(lines).toContain('junto_resumes_total{outcome="lost"} 1')
  expect(lines).toContain('junto_sessions_away 5')
  expect(lines).toContain('junto_patch_bytes_bucket{le="10",room="board"} 1')
  expect(lines).toContain('junto_patch_bytes_bucket{le="+Inf",room="board"} 2')
  expect(lines).toContain('junto_patch_bytes_sum{room="board"} 60')
  expect((await metrics.expose()).contentType).toContain('text/plain')
})

test('every series of the server can be shown', async () => {
  const metrics = build()
  for (const [name, { kind, labels: names = [], buckets }] of Object.entries<SeriesDescription>(ownSeries)) {
    const labels = Object.fromEntries(names.map((label) => [label, 'x']))
    if (kind === 'counter') metrics.counter(name, labels).add()
    else if (kind === 'gauge') metrics.gauge(name, labels).set(1)
    else metrics.histogram(name, labels, buckets).observe(1)
  }
  const lines = await linesOf(metrics)
  for (const [name, { kind }] of Object.entries(ownSeries)) {
    expect(lines, name).toContain(`# TYPE junto_${name}${kind === 'counter' ? '_total' : ''} ${kind}`)
  }
})

test('what is looked up before reading is up to date also when a registry of the program is asked', async () => {
  const registry = new Registry()
  new Gauge({ name: 'app_users', help: 'of the program', registers: [registry] }).set(3)
  const metrics = new PrometheusMetrics({ registry, prefix: 'app_junto_' })
  let rooms = 0
  metrics.beforeReading(() => metrics.gauge('rooms', { room: 'board' }).set(rooms))
  for (rooms = 1; rooms < 3; rooms++) {
    const text = await registry.metrics()
    expect(text).toContain('app_users 3')
    if (rooms > 1) expect(text).toContain(`app_junto_rooms{room="board"} ${rooms}`)
  }
  // A series that the first reading made is in the text from the next one on; those that exist are of this reading.
  rooms = 9
  expect(await registry.metrics()).toContain('app_junto_rooms{room="board"} 9')
})

test('has the numbers of the process, unless they go into a registry that is there', async () => {
  expect((await new PrometheusMetrics().expose()).body).toContain('process_cpu_seconds_total')
  expect((await build().expose()).body).not.toContain('process_cpu')
})

test('what cannot be one series is refused by name', () => {
  const metrics = build()
  metrics.count('goals', { team: 'red' })
  expect(() => metrics.count('goals', { player: 'ada' })).toThrow(
    'the counter goals is counted with the labels player, and was with the labels team before: use the same ones each time',
  )
  expect(() => metrics.count('goals')).toThrow('is counted with no label, and was with the labels team before')
  expect(() => metrics.gauge('goals', { team: 'red' })).toThrow('goals is another kind of series already')
  expect(() => metrics.count('own goals')).toThrow(JuntoError)
  expect(() => metrics.count('own goals')).toThrow(/^the series own goals cannot be shown to Prometheus: /)
})
