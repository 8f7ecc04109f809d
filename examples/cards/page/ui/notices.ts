import { byId, make } from '../../../stage/page/element.ts'

const shownFor = 4_500

/** Says something for a few seconds. The same text again only stays longer. */
export class Notices {
  readonly #place = byId('notices', HTMLDivElement)
  readonly #shown = new Map<string, { element: HTMLElement; timer: number }>()

  say(text: string): void {
    const before = this.#shown.get(text)
    if (before !== undefined) clearTimeout(before.timer)
    const element = before?.element ?? make('p', 'note', text)
    if (before === undefined) this.#place.append(element)
    const timer = window.setTimeout(() => {
      element.remove()
      this.#shown.delete(text)
    }, shownFor)
    this.#shown.set(text, { element, timer })
  }
}
