import type { Theme } from './palette.ts'

/**
 * Charts are drawn in units of which 480 make the width. They are shown at 600 pixels, as large as the text of a page, and on a phone at about 340: what is
 * written in them can still be read there.
 */
export const width = { names: 136, plot: 320, values: 64 }
export const scale = 1.25
const margin = 12
const textWidth = width.names + width.plot

/** About the width of a text, in whichever font a reader has. Titles are bold. */
export const widthOf = (text: string, size: number): number => text.length * size * (size > 13 ? 0.64 : 0.58)

/** A specification of Vega-Lite, as plain JSON: https://vega.github.io/vega-lite/docs/spec.html. */
export type Specification = Readonly<Record<string, unknown>>

/** The frame of every chart: its heading, and how text and lines look. */
export function frame(theme: Theme, title: string, subtitle: string, views: readonly Specification[]): Specification {
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif'
  return {
    background: theme.background,
    padding: margin,
    title: {
      text: wrapped(title, 16),
      subtitle: wrapped(subtitle, 12.5),
      anchor: 'start',
      frame: 'bounds',
      fontSize: 16,
      subtitleFontSize: 12.5,
      subtitlePadding: 5,
      offset: 14,
    },
    spacing: 18,
    vconcat: views,
    config: {
      font,
      aria: false,
      view: { stroke: null },
      title: {
        color: theme.text,
        subtitleColor: theme.muted,
        fontWeight: 600,
        lineHeight: 20,
        subtitleLineHeight: 17,
      },
      axis: {
        labelColor: theme.text,
        titleColor: theme.muted,
        labelFontSize: 13,
        titleFontSize: 12.5,
        titleFontWeight: 400,
        gridColor: theme.line,
        domainColor: theme.muted,
        tickColor: theme.muted,
      },
      legend: { labelColor: theme.text, labelFontSize: 13, symbolSize: 90 },
      text: { color: theme.text, fontSize: 13 },
    },
  }
}

/** The heading of a panel. */
export function panelTitle(title: string, lines: readonly string[]): Specification {
  return {
    text: wrapped(title, 13.5),
    subtitle: lines.flatMap((line) => wrapped(line, 12.5)),
    anchor: 'start',
    frame: 'bounds',
    fontSize: 13.5,
    subtitleFontSize: 12.5,
    subtitlePadding: 3,
    offset: 6,
  }
}

/** Text in lines: SVG does not break any. */
function wrapped(text: string, size: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`
    if (lines.length > 0 && widthOf(longer, size) <= textWidth) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
