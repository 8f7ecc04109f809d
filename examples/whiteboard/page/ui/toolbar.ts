import { inks, widths } from '../../board.ts'
import type { Hand, Tool } from '../board/hand.ts'
import { byId, make } from '../../../stage/page/element.ts'

/** What the toolbar asks for. */
export interface ToolbarEvents {
  changed(): void
  undo(): void
  redo(): void
  clear(): void
}

/** Tool, colour and width, by buttons and by keys. */
export class Toolbar {
  readonly #hand: Hand
  readonly #events: ToolbarEvents
  readonly #tools: Readonly<Record<Tool, HTMLButtonElement>> = {
    pen: byId('tool-pen', HTMLButtonElement),
    eraser: byId('tool-eraser', HTMLButtonElement),
  }
  readonly #undo = byId('undo', HTMLButtonElement)
  readonly #redo = byId('redo', HTMLButtonElement)
  readonly #inks: HTMLButtonElement[]
  readonly #widths: HTMLButtonElement[]

  constructor(hand: Hand, events: ToolbarEvents) {
    this.#hand = hand
    this.#events = events
    for (const tool of ['pen', 'eraser'] as const) this.#tools[tool].addEventListener('click', () => this.#take(tool))
    this.#inks = inks.map((name, index) => this.#inkButton(name, index))
    this.#widths = widths.map(({ name, size }, index) => this.#widthButton(name, size, index))
    byId('inks', HTMLDivElement).append(...this.#inks)
    byId('widths', HTMLDivElement).append(...this.#widths)
    this.#undo.addEventListener('click', () => events.undo())
    this.#redo.addEventListener('click', () => events.redo())
    byId('clear', HTMLButtonElement).addEventListener('click', () => events.clear())
    this.#show()
  }

  /** A key went down, not in a text field. True when it was for the tools. */
  keyDown(event: KeyboardEvent): boolean {
    if (event.altKey) return false
    const key = event.key.toLowerCase()
    if (event.ctrlKey || event.metaKey) {
      if (key === 'z' && !event.shiftKey) this.#events.undo()
      else if (key === 'z' || (key === 'y' && !event.shiftKey)) this.#events.redo()
      else return false
      return true
    }
    if (key === 'p') this.#take('pen')
    else if (key === 'e') this.#take('eraser')
    else if (key === '[') this.#widen(-1)
    else if (key === ']') this.#widen(1)
    else if (/^[1-9]$/.test(key) && Number(key) <= inks.length) this.#dip(Number(key) - 1)
    else return false
    return true
  }

  /** Whether there is something to undo, and to redo. */
  enable(canUndo: boolean, canRedo: boolean): void {
    for (const [button, enabled] of [
      [this.#undo, canUndo],
      [this.#redo, canRedo],
    ] as const) {
      // Not `disabled`: who has come to it by keys would lose the focus with the last step.
      button.setAttribute('aria-disabled', String(!enabled))
    }
  }

  #take(tool: Tool): void {
    this.#hand.tool = tool
    this.#show()
  }

  #dip(color: number): void {
    this.#hand.color = color
    this.#take('pen')
  }

  #widen(by: number): void {
    const index = widths.findIndex(({ size }) => size === this.#hand.width) + by
    this.#hand.width = (widths[Math.min(widths.length - 1, Math.max(0, index))] ?? widths[1]).size
    this.#take('pen')
  }

  #show(): void {
    const { tool, color, width } = this.#hand
    press(this.#tools.pen, tool === 'pen')
    press(this.#tools.eraser, tool === 'eraser')
    this.#inks.forEach((button, index) => press(button, index === color))
    this.#widths.forEach((button, index) => press(button, widths[index]?.size === width))
    this.#events.changed()
  }

  #inkButton(name: string, index: number): HTMLButtonElement {
    const button = labelled(`${name} (${index + 1})`, `${name} · ${index + 1}`)
    button.className = 'ink'
    button.style.setProperty('--ink', `var(--ink-${index})`)
    button.append(make('i', ''))
    button.addEventListener('click', () => this.#dip(index))
    return button
  }

  #widthButton(name: string, size: number, index: number): HTMLButtonElement {
    const button = labelled(`${name} pen`, `${name} · [ ]`)
    button.className = 'tool width'
    const line = make('i', '')
    line.style.height = `${[2, 5, 9][index] ?? size}px`
    button.append(line)
    button.addEventListener('click', () => {
      this.#hand.width = size
      this.#take('pen')
    })
    return button
  }
}

function labelled(label: string, title: string): HTMLButtonElement {
  const button = make('button', '')
  button.type = 'button'
  button.setAttribute('aria-label', label)
  button.title = title
  return button
}

function press(button: HTMLButtonElement, pressed: boolean): void {
  button.setAttribute('aria-pressed', String(pressed))
}
