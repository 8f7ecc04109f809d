import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FieldRoom } from './field.ts'
import { fieldWorld, play, Player, type Frame } from './player.ts'

// Draws docs/images/prediction.svg from what is measured here:
//   npx tsx --tsconfig tsconfig.base.json --conditions=@junto/source packages/testing/test/prediction/picture.ts

/** Milliseconds: when Ada presses and lets go, when the server pushes her, when Bob's line stalls and for how long, and the end. */
const times = { press: 300, release: 1_700, push: 1_000, stall: 800, stalled: 250, end: 2_200 }
const pushed = 60

const width = 720
const height = 200
const left = 56
const top = 34

/** What is drawn of a place over time. */
interface Curve {
  readonly title: string
  readonly name: 'told' | 'drawn'
  /** Stays as it is until it is another, as on a page that draws it as it is. */
  readonly stepped: boolean
  readonly points: readonly (readonly [ms: number, x: number])[]
}

interface Panel {
  readonly title: string
  readonly curves: readonly Curve[]
  readonly marks: readonly { readonly at: number; readonly until?: number; readonly text: string }[]
}

async function measure(): Promise<readonly Panel[]> {
  const world = fieldWorld({ seed: 7 })
  const ada = await Player.join(world)
  const bob = await Player.join(world)
  await play(world, 12_000, [ada, bob])
  const began = world.clock.now()
  const origin = ada.last.own.x
  const room = world.room(FieldRoom, 'a')
  world.clock.after(times.push, () => room.push(ada.id, pushed))
  world.clock.after(times.stall, () => world.stall(bob.client))
  world.clock.after(times.stall + times.stalled, () => world.flow(bob.client))
  await play(world, times.end, [ada, bob], (passed) => {
    ada.held = { dx: passed >= times.press && passed < times.release ? 1 : 0, dy: 0, aim: 0 }
  })
  await world.end()
  const over = ({ frames }: Player, x: (frame: Frame) => number | undefined): [number, number][] =>
    frames.flatMap((frame) => {
      const at = x(frame)
      return frame.at < began || at === undefined ? [] : [[frame.at - began, at - origin] as [number, number]]
    })
  const ofAda = ({ others }: Frame) => others.get(ada.id)
  return [
    {
      title: 'Ada, on her own page',
      curves: [
        { title: 'predicted', name: 'told', stepped: true, points: over(ada, ({ own }) => own.x) },
        { title: 'drawn', name: 'drawn', stepped: false, points: over(ada, ({ drawn }) => drawn.x) },
      ],
      marks: [
        { at: times.press, text: 'presses' },
        { at: times.push, text: 'the server pushes her back' },
        { at: times.release, text: 'lets go' },
      ],
    },
    {
      title: 'Ada, on Bob’s page',
      curves: [
        { title: 'as patches say', name: 'told', stepped: true, points: over(bob, (frame) => ofAda(frame)?.mirror.x) },
        { title: 'drawn', name: 'drawn', stepped: false, points: over(bob, (frame) => ofAda(frame)?.drawn?.x) },
      ],
      marks: [{ at: times.stall, until: times.stall + times.stalled, text: 'his line stalls' }],
    },
  ]
}

function draw(panels: readonly Panel[]): string {
  const all = panels.flatMap(({ curves }) => curves.flatMap(({ points }) => points.map(([, x]) => x)))
  const [least, most] = [Math.min(...all), Math.max(...all)]
  const round = (value: number): string => value.toFixed(1)
  const across = (ms: number): number => left + (ms / times.end) * (width - left - 10)
  const step = height + 2 * top
  const body = panels.map(({ title, curves, marks }, index) => {
    const base = index * step + top
    const down = (x: number): number => base + height - ((x - least) / (most - least)) * height
    const lines = curves.map(({ name, stepped, points }) => {
      const path = points.map(([ms, x], at) => {
        const [px, py] = [round(across(ms)), round(down(x))]
        return at === 0 ? `M${px} ${py}` : stepped ? `H${px}V${py}` : `L${px} ${py}`
      })
      return `<path class="${name}" d="${path.join('')}"/>`
    })
    const legend = curves.map(({ title: text, name }, at) => {
      const y = base + height - 30 + at * 18
      return `<path class="${name}" d="M${width - 150} ${y - 4}h24"/><text x="${width - 118}" y="${y}">${text}</text>`
    })
    const marked = marks.map(({ at, until, text }) => {
      const x = round(across(at))
      const shape =
        until === undefined
          ? `<path class="mark" d="M${x} ${base}V${base + height}"/>`
          : `<rect class="span" x="${x}" y="${base}" width="${round(across(until) - across(at))}" height="${height}"/>`
      return `${shape}<text class="small" x="${round(across(at) + 4)}" y="${base + 10}">${text}</text>`
    })
    const axis = [0, 500, 1_000, 1_500, 2_000].map(
      (ms) =>
        `<text class="small" text-anchor="middle" x="${round(across(ms))}" y="${base + height + 16}">${ms} ms</text>`,
    )
    const scale = [0, 100, 200, 300].map(
      (x) =>
        `<path class="grid" d="M${left} ${round(down(x))}H${width - 10}"/><text class="small" text-anchor="end" x="${left - 6}" y="${round(down(x) + 4)}">${x}</text>`,
    )
    return `<text x="${left}" y="${base - 12}" font-weight="bold">${title}</text>${scale.join('')}${marked.join('')}${lines.join('')}${legend.join('')}${axis.join('')}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${panels.length * step}" role="img">
<title>Where Ada is drawn on her own page and on Bob’s, in units over time, at 150 ms ± 50 there and back</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
path { fill: none; stroke-linejoin: round }
.grid { stroke: #59636e; stroke-opacity: 0.25 }
.mark { stroke: #59636e; stroke-dasharray: 3 3 }
.span { fill: #59636e; fill-opacity: 0.15 }
.told { stroke: #bc4c00; stroke-width: 1.5 }
.drawn { stroke: #0969da; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .small { fill: #9198a1 }
  .grid, .mark { stroke: #9198a1 }
  .span { fill: #9198a1 }
  .told { stroke: #f0883e }
  .drawn { stroke: #4493f8 }
}
</style>
${body.join('\n')}
</svg>
`
}

const file = join(dirname(fileURLToPath(import.meta.url)), '../../../../docs/images/prediction.svg')
await mkdir(dirname(file), { recursive: true })
await writeFile(file, draw(await measure()))
console.log(`drawn: ${file}`)
