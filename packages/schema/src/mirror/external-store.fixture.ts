import { expect } from 'vitest'

/** A store as React sees it: what `useSyncExternalStore` is called with. */
export interface ExternalStore {
  readonly subscribe: (listener: () => void) => () => void
  readonly getSnapshot: () => unknown
}

/**
 * Components that read external stores by the rules of React's `useSyncExternalStore`, without React:
 *
 * - `getSnapshot` is called twice in a render, and must return the same value.
 * - A component that was told, and whose snapshot is another now, renders again: all that were told in one go render together.
 * - After a render, and after subscribing, the snapshot is read once more; if it is another one than was rendered, the component
 *   renders again, at once. That is how tearing is found.
 */
export class Components {
  readonly #mounted = new Set<Component>()
  #due = new Set<Component>()
  /** Renders because a snapshot had changed between rendering and commit. */
  torn = 0

  /** Renders a component for the first time, and subscribes it. */
  mount(store: ExternalStore): Component {
    const component = new Component(store, (due) => this.#due.add(due))
    this.#mounted.add(component)
    component.render()
    component.subscribe()
    return component
  }

  unmount(component: Component): void {
    component.unsubscribe()
    this.#mounted.delete(component)
    this.#due.delete(component)
  }

  /** Renders what was told, then looks for what is torn. */
  commit(): void {
    const due = this.#due
    this.#due = new Set()
    for (const component of due) component.render()
    for (const component of this.#mounted) {
      if (component.isCurrent) continue
      this.torn++
      component.render()
    }
  }
}

/** One component, with the snapshot it rendered last. */
export class Component {
  readonly #store: ExternalStore
  readonly #schedule: (component: Component) => void
  #unsubscribe: (() => void) | undefined
  snapshot: unknown
  renders = 0

  constructor(store: ExternalStore, schedule: (component: Component) => void) {
    this.#store = store
    this.#schedule = schedule
  }

  get isCurrent(): boolean {
    return Object.is(this.#store.getSnapshot(), this.snapshot)
  }

  render(): void {
    this.snapshot = this.#store.getSnapshot()
    // React warns of a store that does not keep its snapshot, for it would render for ever.
    expect(this.isCurrent).toBe(true)
    this.renders++
  }

  subscribe(): void {
    const check = (): void => {
      if (!this.isCurrent) this.#schedule(this)
    }
    this.#unsubscribe = this.#store.subscribe(check)
    check()
  }

  unsubscribe(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }
}
