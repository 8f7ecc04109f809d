import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { installPackages } from '../peers.ts'
import { scale, widthOf, type Specification } from './style.ts'

// Vega-Lite: the one file that loads it. 25 MB, so it is fetched by whoever draws, and not by everybody who works here.
const folder = new URL('./vega-lite/', import.meta.url)

interface Library {
  toSvg(specification: Specification, scale: number, widthOf: (text: string, size: number) => number): Promise<string>
}

/**
 * What an SVG is drawn from, in short: the specification, and the versions of the library. It stands in the file, so that one which was not drawn again can be
 * told from its text alone.
 */
export function digest(specification: Specification): string {
  const versions = readFileSync(new URL('package-lock.json', folder))
  return createHash('sha256').update(JSON.stringify(specification)).update(versions).digest('hex').slice(0, 16)
}

/** The digest in a file. */
export function digestIn(svg: string): string | undefined {
  return /data-drawn-from="(\w+)"/.exec(svg)?.[1]
}

/**
 * Installs the library, unless it is there.
 *
 * @throws PackagesUnavailable when it cannot be fetched.
 */
export function installLibrary(say: (text: string) => void): void {
  installPackages(folder, 'the charts', say)
}

/** Draws a chart, of which `description` says to those who cannot see it what it shows. The same is always drawn as the same text. */
export async function toSvg(specification: Specification, description: string): Promise<string> {
  const library: Library = await import(new URL('index.js', folder).href)
  const drawn = await library.toSvg(specification, scale, widthOf)
  const [, attributes, content] = /^<svg ([^>]*)>(.*)<\/svg>$/s.exec(drawn) ?? []
  if (attributes === undefined || content === undefined) throw new Error('Vega-Lite drew something else than an SVG')
  // One font for all: said once, at the top.
  const [font = ''] = / font-family="[^"]*"/.exec(content) ?? []
  const head = `<svg ${attributes} role="img"${font} data-drawn-from="${digest(specification)}">`
  return `${head}<title>${escaped(description)}</title>${lean(content)}</svg>\n`
}

/** Without what says nothing, and with coordinates of two digits, which keep files small and alike on every machine. */
function lean(svg: string): string {
  return svg
    .replaceAll(/ (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"/g, (attribute) =>
      attribute.replaceAll(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))),
    )
    .replaceAll(/ (?:opacity="1"|pointer-events="none")/g, '')
    .replaceAll(/<path class="(?:back|fore)ground" [^>]*d="(?:M0,0h0v0h0Z)?"[^>]*\/>/g, '')
    .replaceAll(/ (?:aria-[a-z]+|role|class|font-family)="[^"]*"/g, '')
    .replaceAll('</g>', '</g>\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
