import { byId, make } from '../../../stage/page/element.ts'

const shownFor = 6_000

/** Says something for a few seconds. The same again only stays longer. */
export class Notices {
  readonly #place = byId('notices', HTMLDivElement)
  readonly #ends = new Map<string, () => void>()

  say(text: string, mood: 'good' | 'bad' = 'bad'): void {
    this.#ends.get(text)?.()
    const notice = make('p', `notice card ${mood}`, text)
    this.#place.append(notice)
    const end = (): void => {
      clearTimeout(timer)
      notice.remove()
      this.#ends.delete(text)
    }
    const timer = window.setTimeout(end, shownFor)
    this.#ends.set(text, end)
  }

  /** Nothing of it matters any more. */
  clear(): void {
    for (const end of this.#ends.values()) end()
  }
}
