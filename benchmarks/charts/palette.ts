/** How the surroundings of a chart look. Both are those of GitHub's pages, and a chart brings its background with it. */
export interface Theme {
  readonly name: 'light' | 'dark'
  readonly background: string
  readonly text: string
  readonly muted: string
  readonly line: string
}

export const themes: readonly Theme[] = [
  { name: 'light', background: '#ffffff', text: '#1f2328', muted: '#59636e', line: '#d1d9e0' },
  { name: 'dark', background: '#0d1117', text: '#f0f6fc', muted: '#9198a1', line: '#3d444d' },
]

interface Look {
  /** What readers call it. */
  readonly title: string
  readonly light: string
  readonly dark: string
  /** Of its points, where lines of several peers cross: colour is never the only difference. */
  readonly shape: string
}

/**
 * All who are measured, in the order of all charts and tables. The colours are those of Okabe and Ito, which can be told apart by people who see few colours;
 * ours are the blue ones, and those of what was made by hand are grey.
 */
const looks: Readonly<Record<string, Look>> = {
  junto: { title: 'Junto', light: '#0072b2', dark: '#3b9fe0', shape: 'circle' },
  'junto-client': { title: 'Junto + client', light: '#56b4e9', dark: '#9ad4f7', shape: 'circle' },
  'raw-ws': { title: 'raw ws', light: '#8c959f', dark: '#8b949e', shape: 'square' },
  'hand-batched': { title: 'ws batched', light: '#59636e', dark: '#b7bdc8', shape: 'square' },
  uws: { title: 'uWebSockets.js', light: '#e69f00', dark: '#e69f00', shape: 'diamond' },
  'socket.io': { title: 'Socket.IO', light: '#009e73', dark: '#00b386', shape: 'triangle-up' },
  colyseus: { title: 'Colyseus', light: '#d55e00', dark: '#e8702a', shape: 'triangle-down' },
  'colyseus-uws': { title: 'Colyseus on uWS', light: '#8c510a', dark: '#bf812d', shape: 'triangle-down' },
  'colyseus-quantized': { title: 'Colyseus 16-bit', light: '#cc79a7', dark: '#cc79a7', shape: 'triangle-down' },
}
const order = Object.keys(looks)

/** One who is not listed shows up under its own name, behind the others. */
export const titleOf = (peer: string): string => looks[peer]?.title ?? peer
export const colourOf = (peer: string, { name }: Theme): string => looks[peer]?.[name] ?? '#999999'
export const shapeOf = (peer: string): string => looks[peer]?.shape ?? 'cross'

/** The names of peers, each once, in the order of all charts. */
export function sortedPeers(names: Iterable<string>): string[] {
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  return Array.from(new Set(names)).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}
