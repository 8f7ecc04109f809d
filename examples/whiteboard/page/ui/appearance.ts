import { inks } from '../../board.ts'
import { remember, remembered } from '../memory.ts'
import { byId } from '../../../stage/page/element.ts'

const system = matchMedia('(prefers-color-scheme: dark)')

/** Follows the system's wish for light or dark until the button says otherwise; tells `changed` of each change. */
export function keepAppearance(changed: () => void): void {
  const button = byId('appearance', HTMLButtonElement)
  const apply = (): void => {
    const dark = isDark()
    document.documentElement.dataset['appearance'] = dark ? 'dark' : 'light'
    button.querySelector('use')?.setAttribute('href', dark ? '#icon-sun' : '#icon-moon')
    button.title = dark ? 'Light' : 'Dark'
    changed()
  }
  button.addEventListener('click', () => {
    const wanted = isDark() ? 'light' : 'dark'
    // Choosing what the system wishes anyway means to follow it again.
    remember('appearance', (wanted === 'dark') === system.matches ? undefined : wanted)
    apply()
  })
  system.addEventListener('change', apply)
  apply()
}

/** The tones of the inks in the present appearance. */
export function inkTones(): string[] {
  const style = getComputedStyle(document.documentElement)
  return inks.map((_name, index) => style.getPropertyValue(`--ink-${index}`).trim())
}

function isDark(): boolean {
  const chosen = remembered('appearance')
  return chosen === undefined ? system.matches : chosen === 'dark'
}
