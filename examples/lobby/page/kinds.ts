import { kinds, type Kind } from '../chat.ts'
import { icon, make } from '../../stage/page/element.ts'

/** What people read for each kind of room. */
export const kindWords: Readonly<Record<Kind, string>> = { talk: 'Talk', play: 'Play', make: 'Make', learn: 'Learn' }

/** Fills a field set with one choice for each kind, and, with `all`, one for all of them, whose value is empty. */
export function offerKinds(place: HTMLFieldSetElement, name: string, all: boolean): void {
  const chip = (value: string, text: string, ...before: Node[]): HTMLLabelElement => {
    const input = make('input', '')
    input.type = 'radio'
    input.name = name
    input.value = value
    const label = make('label', 'chip', input, make('span', '', ...before, text))
    return label
  }
  if (all) place.append(chip('', 'All'))
  for (const kind of kinds) place.append(chip(kind, kindWords[kind], icon(kind)))
  const first = place.querySelector('input')
  if (first !== null) first.checked = true
}

/** The kind that is chosen there; `undefined` for all. */
export function chosenKind(place: HTMLFieldSetElement): Kind | undefined {
  const chosen = place.querySelector<HTMLInputElement>('input:checked')?.value
  return kinds.find((kind) => kind === chosen)
}
