import type { EntitiesOf, Live, Of, TagsOf, ViewedMap } from '@junto/schema'
import type { Member } from './member.ts'

/** What may be in a member's view: entities of the state, and members, where the contract declares a presence. */
export type Viewable<T> = EntitiesOf<T> | (Of<T>['presence'] extends undefined ? never : Member<T>)

/**
 * What a member may see beyond what everybody does: entries of maps with `{ view: true }`, fields with `t.Visible`, and, in rooms with
 * `presenceViews`, what other members show of themselves. `T` is the contract's type.
 *
 * It can be used from `onJoin` on, so that already the first state of a member holds what it may see, and no more. What is done here
 * leaves with the next patch. When the member is gone, nothing has an effect any more.
 */
export interface MemberView<T> {
  /**
   * Whose `t.Owner()` fields this member is. Default: the member's id. When owners outlive a membership, use the user's id:
   * `member.view.owner = member.user.id`. Assigning anything but a string throws a TypeError.
   */
  owner: string
  /** The tags that were granted. */
  readonly tags: ReadonlySet<TagsOf<T>>
  /**
   * Takes an entry of a viewed map into view, with all below it, or the presence of another member. It stays there until it is removed from
   * view or state, or has left the room.
   *
   * @returns whether it was not in view before.
   * @throws SchemaError `invalid_value` for anything but what stands in a viewed map of this room; JuntoError `misuse` for a member of another
   *   room, or where all see what each shows: without the option `presenceViews` of `define`.
   */
  add(entity: Viewable<T>): boolean
  /**
   * Takes an entry of a viewed map, or a member's presence, out of view: for the client it is removed.
   *
   * @returns whether it was in view before.
   * @throws as {@link add} does, but not for what was removed from the state, or has left the room.
   */
  remove(entity: Viewable<T>): boolean
  /** Whether an entry of a viewed map, or what a member shows, is in view. */
  has(entity: Viewable<T>): boolean
  /**
   * Lets a predicate say which entries of a viewed map are in view, instead of `add` and `remove`. It is asked about all of them
   * now, and again at each {@link update}; what comes into the map in between is in nobody's view until then.
   *
   * A filter belongs to its map: another map that is assigned in its place has none, and all in it is hidden. So empty a map with
   * `clear()`.
   *
   * @param keep `undefined` ends it: what is in view then stays.
   */
  filter<V>(map: ViewedMap<V>, keep: ((entity: Live<V>, key: string) => boolean) | undefined): void
  /** Asks the predicates of {@link filter} again, about every entry of their maps. */
  update(): void
  /**
   * Shows the member the fields with `t.Visible` of this tag.
   *
   * @throws TypeError for a tag that no field of the contract names.
   */
  grant(tag: TagsOf<T>): void
  /** Hides them again. @throws TypeError as {@link grant} does. */
  revoke(tag: TagsOf<T>): void
}
