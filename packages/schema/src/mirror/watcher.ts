import { listDifference } from './list-difference.ts'
import type { WatchListeners } from './listeners.ts'
import { absent, type ChangeLog, type ListNode, type MapNode, type MirrorNode } from './mirror-node.ts'
import type { MirrorSpace } from './mirror-space.ts'
import { sameValue } from './same-value.ts'

/** Listeners of any selection: entries by key, items by index, or one value. */
export type AnyListeners = WatchListeners<ReadonlyMap<unknown, unknown>>

/** What a watcher needs of the mirror it belongs to. */
export interface WatcherHost {
  readonly space: MirrorSpace
  /** Evaluates a selector; nothing while there is no state. */
  select(selector: (state: unknown) => unknown): unknown
  /** Takes what a listener threw. */
  report(error: unknown): void
  /** Forgets a watcher that ended. */
  forget(watcher: Watcher): void
}

/** What is told of a collection, in this order: each with its key, and the value before where there is one. */
type Difference = Readonly<
  Record<'removed' | 'added' | 'changed', readonly (readonly [value: unknown, key: unknown, previous?: unknown])[]>
>

/** Tells listeners of what changes in a selected part of the state. */
export class Watcher {
  readonly #host: WatcherHost
  readonly #selector: (state: unknown) => unknown
  readonly #listeners: AnyListeners
  #ended = false
  #selection: unknown = undefined
  #node: MirrorNode | undefined = undefined
  #told = false

  constructor(host: WatcherHost, selector: (state: unknown) => unknown, listeners: AnyListeners) {
    this.#host = host
    this.#selector = selector
    this.#listeners = listeners
  }

  /** Begins, and tells of what is there. Throws what the selector throws. */
  begin(): void {
    this.#follow(this.#host.select(this.#selector))
    this.#all('added', this.#selection)
  }

  /** Ends it. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#follow(undefined)
    this.#host.forget(this)
  }

  /** Tells of what the latest patch changed. */
  update(): void {
    if (this.#ended) return
    this.#told = false
    const before = this.#selection
    const node = this.#node
    let selection: unknown
    try {
      selection = this.#host.select(this.#selector)
    } catch (error) {
      this.#host.report(error)
    }
    // Edits ahead of the server may have changed what they have taken out.
    const told = (selection !== before && node?.edited?.told) || before
    this.#follow(selection)
    if (node !== undefined && this.#node === node) this.#sameNode(node)
    else this.#another(told, selection)
    if (this.#told && !this.#ended) this.#call(() => this.#listeners.after?.(asMap(selection)))
  }

  /** Forgets what all watchers have been told of. */
  clear(): void {
    if (this.#node !== undefined) this.#node.log = undefined
  }

  #follow(selection: unknown): void {
    const node = this.#host.space.of(selection)
    this.#selection = selection
    if (node === this.#node) return
    if (this.#node !== undefined && --this.#node.watchers === 0) this.#node.log = undefined
    if (node !== undefined) node.watchers++
    this.#node = node
  }

  #sameNode(node: MirrorNode): void {
    if (node.stamp !== this.#host.space.revision) return
    this.#told = true
    if (node.kind === 'record') this.#tell('changed', node.value, undefined)
    else if (node.log === undefined) return
    else if (node.kind === 'map') this.#map(node, node.log)
    else this.#list(node, node.log)
  }

  #map({ value }: MapNode, log: ChangeLog): void {
    const removed: [unknown, string][] = []
    const added: [unknown, string][] = []
    const changed: [unknown, string, unknown][] = []
    for (const [key, before] of log.entries) {
      const now = value.has(key) ? value.get(key) : absent
      if (before !== absent && (now === absent || this.#isAnother(before, now))) removed.push([before, key])
      if (now === absent) continue
      if (before === absent || this.#isAnother(before, now)) added.push([now, key])
      else if (!sameValue(before, now)) changed.push([now, key, before])
    }
    this.#tellEach({ removed, added, changed })
    const fresh = new Set(added.map(([now]) => now))
    for (const child of log.children) {
      if (value.get(child.key) === child.value && !fresh.has(child.value)) this.#tell('changed', child.value, child.key)
    }
  }

  #list({ value }: ListNode, log: ChangeLog): void {
    const added = new Set<unknown>()
    if (log.items !== undefined) {
      for (const item of this.#listChange(log.items, value)) added.add(item)
    } else if (log.kept !== undefined) {
      for (let index = log.kept; index < value.length; index++) {
        added.add(value[index])
        this.#tell('added', value[index], index)
      }
    }
    // They were read by ascending id, which in most lists is the order of the items: each is sought behind the one before.
    let last = 0
    for (const { value: item } of log.children) {
      if (added.has(item)) continue
      let index = value.indexOf(item, last)
      if (index === -1) index = value.indexOf(item)
      if (index === -1) continue
      last = index
      this.#tell('changed', item, index)
    }
  }

  /** Tells of the difference; returns what was added. */
  #listChange(before: readonly unknown[], after: readonly unknown[]): unknown[] {
    // Nodes that are gone are no longer known, but unlike values they are objects that nobody froze.
    const known = (item: unknown): boolean => isTracked(item)
    const difference = listDifference(before, after, sameValue, known)
    this.#tellEach(difference)
    return difference.added.map(([item]) => item)
  }

  /** The selection is not the node it was: something else, nothing, or a value. */
  #another(before: unknown, selection: unknown): void {
    if (sameValue(before, selection)) return
    this.#told = true
    if (isWholeList(before) && isWholeList(selection)) this.#listChange(before, selection)
    else if (isOne(before) && isOne(selection)) {
      this.#tell('changed', selection, undefined, isTracked(before) ? undefined : before)
    } else {
      this.#all('removed', before)
      this.#all('added', selection)
    }
  }

  /** Tells the same of every entry of a selection. */
  #all(what: 'added' | 'removed', selection: unknown): void {
    if (selection === undefined || selection === null) return
    if (selection instanceof Map || Array.isArray(selection)) {
      const entries: Iterable<readonly [key: unknown, value: unknown]> = selection.entries()
      for (const [key, value] of Array.from(entries)) this.#tell(what, value, key)
    } else this.#tell(what, selection, undefined)
  }

  #tellEach(difference: Difference): void {
    for (const what of ['removed', 'added', 'changed'] as const) {
      for (const [value, key, previous] of difference[what]) this.#tell(what, value, key, previous)
    }
  }

  #isAnother(before: unknown, now: unknown): boolean {
    return before !== now && (isTracked(before) || isTracked(now))
  }

  #tell(what: 'added' | 'changed' | 'removed', value: unknown, key: unknown, previous?: unknown): void {
    this.#told = true
    const listener = this.#listeners[what]
    if (this.#ended || listener === undefined) return
    if (this.#listeners.once === true) this.end()
    this.#call(() => listener(value, key, previous))
  }

  #call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#host.report(error)
    }
  }
}

// What `after` gets is what was selected; the type here stands for any.
function asMap(selection: unknown): ReadonlyMap<unknown, unknown> {
  return selection as ReadonlyMap<unknown, unknown>
}

/** Whether a value is a record, map or list that is changed in place: what is replaced as a whole is frozen. */
function isTracked(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Object.isFrozen(value)
}

function isWholeList(selection: unknown): selection is readonly unknown[] {
  return Array.isArray(selection) && !isTracked(selection)
}

/** Whether a selection is one thing, and not a collection or nothing. */
function isOne(selection: unknown): boolean {
  return selection !== undefined && selection !== null && !(selection instanceof Map) && !Array.isArray(selection)
}
