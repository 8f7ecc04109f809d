import type { Update } from './update.ts'

/** How somebody looks at a state. */
export interface ViewerOptions {
  /** The name by which `t.Owner()` fields mean this viewer. Default: `''`, which owns nothing. */
  readonly owner?: string
  /** It sees everything, whatever is hidden from others: for saving, replicas and spectators that may. Default: `false`. */
  readonly everything?: boolean
}

/**
 * One who looks at a state, usually a member of a room. It is asked for what is new with {@link take}; what a viewer may not
 * see is in nothing that it gets.
 *
 * What is done here counts from the next `close` of the state on. After {@link close} nothing has any effect.
 */
export interface Viewer {
  /** The version of what was taken last; 0 before anything was. */
  readonly version: number
  /** The tags it holds: those of `t.Visible` fields. */
  readonly tags: ReadonlySet<string>
  /** The name by which `t.Owner()` fields mean it; `''` owns nothing. */
  owner: string

  /**
   * What brings it from what it has to the present version: the patch of the turn, one patch for all it missed, or a snapshot
   * when it has nothing, or nothing that can be built upon. `undefined` when nothing is different for it.
   *
   * @throws Error when there are changes that no version has yet.
   */
  take(): Update | undefined

  /** It says that it has this version, and goes on from there; from nothing when that version is not known. */
  resume(epoch: string, version: number): void

  /** It has nothing that could be built upon: the next {@link take} is a snapshot. */
  reset(): void

  /**
   * Takes an entry of a viewed map into view.
   *
   * @returns whether it was not in view before.
   * @throws SchemaError `invalid_value` for anything but an entity that stands in a viewed map of this state.
   */
  see(entity: unknown): boolean

  /**
   * Takes an entry of a viewed map out of view.
   *
   * @returns whether it was in view before.
   * @throws SchemaError as {@link see} does, but not for what was removed from the state.
   */
  unsee(entity: unknown): boolean

  /** Whether an entry of a viewed map is in view. */
  sees(entity: unknown): boolean

  /**
   * Gives it a tag.
   *
   * @throws TypeError when no field of the state is visible to that tag.
   */
  grant(tag: string): void

  /** Takes a tag from it. @throws TypeError as {@link grant} does. */
  revoke(tag: string): void

  /**
   * The hash of the nodes it sees whose ids are from `first` to `first + count - 1`. Only of what it has: to be asked when it
   * has the present version.
   */
  hash(first: number, count: number): number

  /** Ends it, and forgets what was kept for it. */
  close(): void
}
