import type { Recorded, RecordedRow } from '../recorded.ts'
import { heldUp } from '../report.ts'
import { isJudged, type Judged } from '../targets.ts'
import type { BarChart, Panel } from './catalogue.ts'
import { figure, ratioTo, spread, written } from './numbers.ts'
import { colourOf, sortedPeers, titleOf, type Theme } from './palette.ts'
import { frame, panelTitle, width, type Specification } from './style.ts'

/** A panel for each row that was recorded: bars of the medians, points of the rounds, and where Junto wants to be. */
export function barChart(chart: BarChart, run: Recorded, theme: Theme): Specification {
  const panels = chart.panels.flatMap((panel) => {
    const row = run.rows.find(({ id }) => id === panel.row)
    return row === undefined ? [] : [{ panel, row }]
  })
  const peers = sortedPeers([...panels.flatMap(({ row }) => Object.keys(row.peers)), ...Object.keys(run.unavailable)])
  const rounds = Math.max(...panels.flatMap(({ row }) => Object.values(row.peers).map(({ values }) => values.length)))
  const targets = panels.some(({ row }) => targetsOf(row, run).length > 0)
  const legend = [
    'Lower is better.',
    rounds > 1 ? `Bars: medians of ${rounds} rounds; dots: the rounds.` : '',
    targets ? 'Dashed: what Junto wants to stay below.' : '',
  ]
  return frame(
    theme,
    chart.title,
    legend.filter((text) => text !== '').join(' '),
    panels.map(({ panel, row }) => panelOf(panel, row, peers, run, theme)),
  )
}

function panelOf(panel: Panel, row: RecordedRow, peers: readonly string[], run: Recorded, theme: Theme): Specification {
  const targets = targetsOf(row, run)
  const limits = targets.map(({ limit }) => limit)
  const measured = peers.flatMap((peer) => {
    const found = row.peers[peer]
    return found === undefined ? [] : [{ peer, ...found, ...spread(found.values) }]
  })
  const most = Math.max(...measured.map(({ high }) => high), ...limits)
  const largest = ((most || 1) * width.plot) / (width.plot - width.values)
  const perPixel = largest / width.plot
  const bars = measured.map(({ peer, median, low, high }) => ({
    peer: titleOf(peer),
    colour: colourOf(peer, theme),
    median,
    low,
    high,
    text: figure(median),
    beside: besideTargets(high, peer === ours(targets) ? limits : [], width.values * perPixel, 9 * perPixel),
  }))
  const points = measured.flatMap(({ peer, values }) =>
    values.length > 1 ? values.map((value) => ({ peer: titleOf(peer), value })) : [],
  )
  const missing = peers
    .filter((peer) => row.peers[peer] === undefined)
    .map((peer) => ({ peer: titleOf(peer), text: whyMissing(peer, panel, run) }))
  const marks = targets.map(({ verdict, limit }) => ({ peer: titleOf(verdict.peer), limit }))

  const x = { type: 'quantitative', scale: { domain: [0, largest], nice: false }, axis: null }
  const y = {
    field: 'peer',
    type: 'nominal',
    sort: null,
    scale: { domain: peers.map(titleOf), paddingInner: 0.25, paddingOuter: 0.1 },
    axis: {
      title: null,
      ticks: false,
      labelPadding: 8,
      labelLimit: 0,
      minExtent: width.names,
      maxExtent: width.names,
    },
  }
  const inner = [
    {
      data: { values: bars },
      mark: { type: 'bar' },
      encoding: { y, x: { ...x, field: 'median' }, color: { field: 'colour', type: 'nominal', scale: null } },
    },
    {
      data: { values: points.length > 0 ? bars : [] },
      mark: { type: 'rule', color: theme.text, strokeWidth: 1.5 },
      encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' } },
    },
    {
      data: { values: points },
      mark: {
        type: 'point',
        filled: true,
        fill: theme.background,
        stroke: theme.text,
        strokeWidth: 1.2,
        size: 26,
        opacity: 1,
      },
      encoding: { y, x: { ...x, field: 'value' } },
    },
    {
      data: { values: bars },
      mark: { type: 'text', align: 'left', baseline: 'middle', dx: 8, fontWeight: 600 },
      encoding: { y, x: { ...x, field: 'beside' }, text: { field: 'text' } },
    },
    {
      data: { values: missing },
      mark: { type: 'text', align: 'left', baseline: 'middle', dx: 4, fontStyle: 'italic', color: theme.muted },
      encoding: { y, x: { ...x, datum: 0 }, text: { field: 'text' } },
    },
    {
      data: { values: marks },
      mark: { type: 'rule', color: theme.text, strokeWidth: 2.2, strokeDash: [4, 2.5] },
      encoding: {
        x: { ...x, field: 'limit' },
        y: { ...y, bandPosition: -0.12 },
        y2: { field: 'peer', bandPosition: 1.12 },
      },
    },
  ]
  return {
    width: width.plot,
    height: { step: 26 },
    title: panelTitle(panel.title ?? row.title, [
      row.unit,
      ...targets.map(({ verdict }) => sentence(verdict)),
      ...limitedOnes(row),
    ]),
    layer: inner.filter(({ data }) => data.values.length > 0),
  }
}

function whyMissing(peer: string, { beside }: Panel, { unavailable }: Recorded): string {
  if (peer === beside) return 'what the others are compared with'
  return peer in unavailable ? 'could not be run here' : 'not measured'
}

/** The targets of a row, with the value that each stands for. */
function targetsOf(row: RecordedRow, run: Recorded): { verdict: Judged; limit: number }[] {
  return run.targets.filter(isJudged).flatMap((verdict) => {
    if (verdict.row !== row.id) return []
    const against = verdict.against === undefined ? 1 : row.peers[verdict.against]?.median
    return against === undefined ? [] : [{ verdict, limit: verdict.target * against }]
  })
}

const ours = (targets: readonly { verdict: Judged }[]): string | undefined => targets[0]?.verdict.peer

function sentence({ peer, against, target, measured, verdict }: Judged): string {
  const wanted = against === undefined ? written(target) : `${written(target)} × ${titleOf(against)}`
  const is = against === undefined ? figure(measured) : `${ratioTo(target, measured)} ×`
  const whose = peer === 'junto' ? '' : ` for ${titleOf(peer)}`
  return `Target${whose}: at most ${wanted}. ${verdict === 'met' ? `Met: ${is}.` : `Missed: ${is}.`}`
}

/** Of whom the figure is what the load generator could do, and not what the server could. */
function limitedOnes(row: RecordedRow): string[] {
  const those = sortedPeers(heldUp(row))
  const isAll = those.length === Object.keys(row.peers).length
  return those.length === 0
    ? []
    : [`Load generator at its limit, server not: ${isAll ? 'all' : those.map(titleOf).join(', ')}.`]
}

/** Where the text behind a bar begins: behind what stands there already. */
function besideTargets(end: number, limits: readonly number[], room: number, gap: number): number {
  let begin = end
  for (const limit of limits.toSorted((a, b) => a - b)) {
    if (limit > begin - gap && limit < begin + room) begin = Math.max(begin, limit)
  }
  return begin
}
