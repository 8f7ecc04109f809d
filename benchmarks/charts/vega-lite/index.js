import { parse, resetSVGDefIds, textMetrics, View } from 'vega'
import { compile } from 'vega-lite'

/**
 * Draws a Vega-Lite specification, without a DOM.
 *
 * @param {object} specification
 * @param {number} scale How much larger it shall be shown than it is drawn.
 * @param {(text: string, size: number) => number} widthOf The width of a text. It is an estimate, which is alike on every machine.
 * @returns {Promise<string>} the SVG
 */
export async function toSvg(specification, scale, widthOf) {
  textMetrics.width = (item, text) => widthOf(String(text ?? item.text ?? ''), item.fontSize ?? 11)
  const view = new View(parse(compile(specification).spec), { renderer: 'none' })
  // Identifiers within an SVG begin anew in each: the same specification is the same text.
  resetSVGDefIds()
  const svg = await view.toSVG(scale)
  view.finalize()
  return svg
}
