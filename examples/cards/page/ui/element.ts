/** A drawing of the page's sprite. */
export function drawing(id: string, className: string): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg')
  svg.setAttribute('class', className)
  const use = document.createElementNS(space, 'use')
  use.setAttribute('href', `#${id}`)
  svg.append(use)
  return svg
}

/** Puts children in that order. Those that stand right are not touched, so that the focus stays where it is. */
export function arrange(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children)
  for (const child of Array.from(parent.children)) if (!wanted.has(child)) child.remove()
  for (const [index, child] of children.entries()) {
    const there = parent.children[index]
    if (there !== child) parent.insertBefore(child, there ?? null)
  }
}
