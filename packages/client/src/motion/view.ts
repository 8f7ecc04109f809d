import type { WatchedEntry, WatchedKey } from '@junto/schema/internal'
import { checkFunction, checkObject, checkOptionNames, wrong } from '../arguments.ts'
import { Room } from '../room/room.ts'
import { EntityView, type ReadViewOptions } from './entity-view.ts'
import { motionOf } from './room-motion.ts'

/** The names of an entity's numbers. */
export type NumberField<E> = [E] extends [never]
  ? string
  : { [K in keyof E & string]: E[K] extends number | undefined ? K : never }[keyof E & string]

// What is selected is inferred from the selector alone, not from annotated types of anything else. As `NoInfer`, which would stand in every
// tooltip.
type Selected<V> = [NonNullable<V>][V extends unknown ? 0 : never]
// The compiler looks at the options before it knows what is selected, and must find nothing wrong with them then.
type EntityOf<V> = unknown extends V ? never : WatchedEntry<Selected<V>>
type KeyOf<V> = unknown extends V ? never : WatchedKey<Selected<V>>

/** How a {@link View} is drawn. */
export interface ViewOptions<E, K, F extends string, A extends string> {
  /** The fields that move: numbers, such as coordinates. */
  readonly fields: readonly F[]
  /** Those that are angles in radians: they turn the shorter way round, and come as -π ≤ angle < π. Default: none. */
  readonly angles?: readonly A[]
  /**
   * Which entities are one's own: they are drawn as this client's mutations and inputs have made them, ahead of the server, and not in the past.
   * It is asked again and again, and only where the room was given mutators. Default: none.
   */
  readonly own?: (entity: E, key: K) => boolean
  /**
   * Milliseconds behind the server's clock at which others are drawn. Default: `'auto'`, as few as patches need to be there in time, nine of
   * ten of them: the way here and the time between two patches. It follows the line slowly.
   */
  readonly delay?: number | 'auto'
  /** For so many milliseconds others go on as they went when nothing comes; then they stand. Default: 100. */
  readonly extrapolate?: number
  /**
   * A distance, in the units of `fields`: what was moved further in one step was put elsewhere and is drawn there at once. Default:
   * `Infinity`, everything is drawn along its way.
   */
  readonly snap?: number
  /** Milliseconds in which half of a correction goes: what is drawn bends to where it should be. Default: 60. */
  readonly halfLife?: number
}

const optionNames: Record<keyof ViewOptions<never, never, string, string>, 1> = {
  fields: 1,
  angles: 1,
  own: 1,
  delay: 1,
  extrapolate: 1,
  snap: 1,
  halfLife: 1,
}

/** An entity as it is to be drawn: its moving fields, smooth, and the mirror's record with all the others. */
export type ViewEntry<E, F extends keyof E> = Readonly<Pick<E, F>> & { readonly entity: E }

/** What is to be drawn of a part of the state. Iterating gives each entity with its key. */
export interface View<K, V> extends Iterable<[K, V]>, Disposable {
  /** How many entities are to be drawn. */
  readonly size: number
  /** The server's time that is drawn of others, in milliseconds since 1970; undefined before the first frame. */
  readonly time: number | undefined
  /** How many milliseconds behind the server's clock that is to be. */
  readonly delay: number
  /** How often the server has said that an own entity is elsewhere than was predicted. */
  readonly corrections: number
  /** How far away that was the last time, in the units of `fields`; 0 before the first. */
  readonly lastCorrection: number
  /** How far what is drawn of own entities is from where they are predicted: what is being bent away. */
  readonly error: number
  /** Computes what is to be drawn now. To be called once in each frame, behind the `frame()` of the room's inputs. */
  frame(): void
  /** The entity under a key, as of the last frame. The same object as long as the entity is there. */
  get(...key: K extends undefined ? [] : [key: K]): V | undefined
  /** Ends it. */
  close(): void
}

/**
 * Draws a part of the state smoothly: a map of entities, or a single one. The state changes by patches, some times a second and unevenly; a view
 * computes for each frame where everything is to be drawn. Others are drawn a little in the past, on their way from one patch to the next; one's own
 * are drawn now, as predicted, and go over to what the server decided without a jump.
 *
 * ```ts
 * import { viewOf, type JoinedRoom } from '@junto/client'
 * import { defineRoom, t } from '@junto/schema'
 *
 * const Game = defineRoom('game', {
 *   version: 1,
 *   state: t.Object({ players: t.Map(t.Object({ name: t.String(), x: t.Float32(), y: t.Float32(), aim: t.Angle() })) }),
 *   clientToServer: {},
 *   serverToClient: {},
 * })
 *
 * export function draw(room: JoinedRoom<typeof Game>, context: CanvasRenderingContext2D): void {
 *   const players = viewOf(room, (state) => state.players, { fields: ['x', 'y'], angles: ['aim'] })
 *   const frame = (): void => {
 *     players.frame()
 *     for (const [, { x, y, entity }] of players) context.fillText(entity.name, x, y)
 *     requestAnimationFrame(frame)
 *   }
 *   requestAnimationFrame(frame)
 * }
 * ```
 *
 * A function, so that pages which draw nothing do not load it.
 *
 * @throws JuntoError `misuse` for what is no room of this client, no selector, or no good option, such as a field that the state does not have.
 */
export function viewOf<S, V, const F extends string, const A extends string = never>(
  room: { readonly state: S },
  selector: (state: S) => V,
  options: ViewOptions<EntityOf<V>, KeyOf<V>, F & NumberField<EntityOf<V>>, A & NumberField<EntityOf<V>>>,
): View<KeyOf<V>, ViewEntry<EntityOf<V>, (F | A) & keyof EntityOf<V>>>
export function viewOf(
  room: unknown,
  selector: (state: unknown) => unknown,
  options: ViewOptions<never, never, string, string>,
): View<unknown, unknown> {
  if (!(room instanceof Room)) throw wrong('what is drawn', 'a room', room)
  checkFunction(selector, 'selector')
  const view = new EntityView(motionOf(room), selector, read(options))
  if (options.own !== undefined && room.ahead === undefined) {
    const message = `a view of room '${room.name}' has the option own, which does nothing: open the room with mutators, and own entities are drawn ahead of the server`
    room.options.report({ code: 'unused', message })
  }
  return view
}

function read(options: ViewOptions<never, never, string, string>): ReadViewOptions {
  checkObject(options, 'the options of a view')
  checkOptionNames(options, 'viewOf', optionNames)
  const { fields, angles = [], own, delay = 'auto', extrapolate = 100, snap = Infinity, halfLife = 60 } = options
  const names = [...checkNames(fields, 'fields'), ...checkNames(angles, 'angles')]
  if (names.includes('entity'))
    throw wrong('a field', "called otherwise than 'entity', which is the record itself", 'entity')
  if (own !== undefined) checkFunction(own, 'own')
  if (delay !== 'auto') checkNumber(delay, 'delay', 0)
  checkNumber(extrapolate, 'extrapolate', 0)
  checkNumber(snap, 'snap', 0)
  checkNumber(halfLife, 'halfLife', 0)
  return {
    names,
    lengths: fields.length,
    // It is asked of what the selector selects, for which it was written.
    own: own && ((entity, key) => own(entity as never, key as never)),
    delay: delay === 'auto' ? undefined : delay,
    extrapolate,
    snap,
    halfLife,
  }
}

function checkNames(names: unknown, what: string): readonly string[] {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  throw wrong(what, "a list of names, such as ['x', 'y']", names)
}

function checkNumber(value: number, what: string, least: number): void {
  if (!(value >= least)) throw wrong(what, `a number from ${least} on`, value)
}
