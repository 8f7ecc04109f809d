/**
 * The three shapes of a contract's value.
 *
 * A contract infers one *model* type per schema. Where a map, a value kept whole, or a server-only field stands in
 * the schema, the model holds one of the marker interfaces below; everything else is the ordinary TypeScript type.
 * From the model come the shapes people work with:
 *
 * - {@link Plain}: plain objects and arrays; what is passed to calls and events, and what `onCreate` returns.
 * - {@link Live}: the server's tracked state; assignments and method calls are noticed and become patches.
 * - {@link Mirror}: the client's read-only copy, kept current by patches.
 */

/** Marks `t.Map(V)` in a model. */
export interface MapModel<V> {
  readonly '~map': V
}

/** Marks `t.Map(V, { view: true })` in a model. */
export interface ViewedMapModel<V> extends MapModel<V> {
  readonly '~view': true
}

/** Marks `t.Visible(to, T)` in a model: on the server always a `T`, on a client only for those who may see it. */
export interface VisibleModel<To extends string, T> {
  readonly '~visible': T
  readonly '~to': To
}

/** Marks `t.Id(Entity)` in a model. */
export interface IdModel<E> {
  readonly '~id': E
}

/** Marks `t.Json()` and `t.Value(T)` in a model: one value, replaced as a whole. */
export interface ValueModel<T> {
  readonly '~value': T
}

/** Marks `t.Local<T>()` in a model: lives on the server only and is never in a layout. */
export interface LocalModel<T> {
  readonly '~local': T
}

/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * The key of an `E` in a map: a string, to write and to read. Its type says only what it is the key of, and there is no such
 * property.
 */
export type Id<E> = string | (string & { readonly '~id': E })

type Atom = string | number | bigint | boolean | symbol | null | undefined | Uint8Array

// Free-form JSON is read-only by itself; going through its recursive type costs the compiler much for nothing.
/** Read-only all the way down; atoms and bytes as they are. */
export type Frozen<T> = [JsonValue] extends [T] ? T : FrozenParts<T>
type FrozenParts<T> = T extends Atom ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** Removes the keys whose value is server-only. */
type SharedKeys<M> = { [K in keyof M]-?: IsLocal<NonNullable<M[K]>> extends true ? never : K }[keyof M]

// Without the brackets `never`, which is what is left of a field that is always null, would count as server-only.
type IsLocal<T> = [T] extends [never] ? false : [T] extends [LocalModel<unknown>] ? true : false

// One question for all markers: most of what is asked is none of them, and each question costs the compiler.
type Marked =
  MapModel<unknown> | ValueModel<unknown> | LocalModel<unknown> | VisibleModel<string, unknown> | IdModel<unknown>

/** Plain objects and arrays, as passed to calls and events and as returned by `onCreate`. A map is an object by key. */
export type Plain<M> = M extends Atom
  ? M
  : M extends Marked
    ? PlainMarked<M>
    : M extends object
      ? { [K in keyof M]: Plain<M[K]> }
      : M

type PlainMarked<M> =
  M extends MapModel<infer V>
    ? { [key: string]: Plain<V> }
    : M extends ValueModel<infer T>
      ? T
      : M extends VisibleModel<string, infer T>
        ? Plain<T>
        : M extends IdModel<infer E>
          ? Id<E>
          : M extends LocalModel<infer T>
            ? T
            : never

/**
 * The server's tracked state. Assign fields, call the methods of maps and lists: each change is noticed where it happens. An
 * optional field is emptied by assigning `undefined`; `delete` has no effect, because fields are accessors of a prototype.
 */
export type Live<M> = M extends Atom
  ? M
  : M extends Marked
    ? LiveMarked<M>
    : M extends readonly (infer I)[]
      ? number extends M['length']
        ? StateList<I>
        : Frozen<Plain<M>>
      : M extends object
        ? { [K in keyof M]: {} extends Pick<M, K> ? Live<M[K]> | undefined : Live<M[K]> }
        : M

type LiveMarked<M> =
  M extends ViewedMapModel<infer V>
    ? ViewedMap<V>
    : M extends MapModel<infer V>
      ? StateMap<V>
      : M extends ValueModel<infer T>
        ? Frozen<T>
        : M extends VisibleModel<string, infer T>
          ? Live<T>
          : M extends IdModel<infer E>
            ? Id<E>
            : M extends LocalModel<infer T>
              ? T
              : never

/** The client's read-only copy. Maps are `ReadonlyMap`, lists are read-only arrays, records are objects. */
export type Mirror<M> = M extends Atom
  ? M
  : M extends Marked
    ? MirrorMarked<M>
    : M extends readonly (infer I)[]
      ? number extends M['length']
        ? readonly Mirror<I>[]
        : Frozen<Plain<M>>
      : M extends object
        ? { readonly [K in keyof Pick<M, SharedKeys<M>>]: Mirror<M[K]> }
        : M

type MirrorMarked<M> =
  M extends MapModel<infer V>
    ? ReadonlyMap<string, Mirror<V>>
    : M extends ValueModel<infer T>
      ? Frozen<T>
      : M extends VisibleModel<string, infer T>
        ? Mirror<T> | undefined
        : M extends IdModel<infer E>
          ? Id<E>
          : never

/** The tags that the `t.Visible` fields of a model name: what a member can be granted. */
export type TagsIn<M> = M extends Atom | ValueModel<unknown> | LocalModel<unknown> | IdModel<unknown>
  ? never
  : M extends MapModel<infer V>
    ? TagsIn<V>
    : M extends VisibleModel<infer To, infer T>
      ? Exclude<To, 'owner'> | TagsIn<T>
      : M extends readonly (infer I)[]
        ? TagsIn<I>
        : { [K in keyof M]-?: TagsIn<M[K]> }[keyof M]

/** What stands in the `t.Map(V, { view: true })`s of a model: what can be put into a member's view. */
export type EntitiesIn<M> = M extends Atom | ValueModel<unknown> | LocalModel<unknown> | IdModel<unknown>
  ? never
  : M extends MapModel<infer V>
    ? (M extends ViewedMapModel<V> ? Live<V> : never) | EntitiesIn<V>
    : M extends VisibleModel<string, infer T>
      ? EntitiesIn<T>
      : M extends readonly (infer I)[]
        ? EntitiesIn<I>
        : { [K in keyof M]-?: EntitiesIn<M[K]> }[keyof M]

/** Something of the state, or the plain value it is made from. */
export type Adoptable<M> = Plain<M> | Live<M>

// The iterators name what they return at their end: by default TypeScript says `any`.
/** A map of the server's state. Keys are strings; entries keep the order in which they were first set. */
export interface StateMap<V> extends Iterable<[string, Live<V>], void, unknown> {
  readonly size: number
  has(key: string): boolean
  get(key: string): Live<V> | undefined
  /** Sets an entry from a plain value, which is adopted and typed, and returns what now stands in the state. */
  set(key: string, value: Adoptable<V>): Live<V>
  /** True when there was such an entry. */
  delete(key: string): boolean
  clear(): void
  keys(): IterableIterator<string, void, unknown>
  values(): IterableIterator<Live<V>, void, unknown>
  entries(): IterableIterator<[string, Live<V>], void, unknown>
  forEach(visit: (value: Live<V>, key: string, map: StateMap<V>) => void): void
}

/** A map of the server's state of which a member has the entries that are in its view. */
export interface ViewedMap<V> extends StateMap<V> {
  /**
   * A type only, by which these maps are told from others: there is no such property. It is called as what to write in the contract,
   * for where another map is given the compiler says that this is missing.
   */
  readonly 't.Map(T, { view: true })': true
}

/** A list of the server's state. */
export interface StateList<I> extends Iterable<Live<I>, void, unknown> {
  readonly length: number
  /** The item at an index; a negative index counts from the end. */
  at(index: number): Live<I> | undefined
  /** Replaces the item at an index and returns what now stands there. */
  set(index: number, item: Adoptable<I>): Live<I>
  /** Appends items and returns the new length. */
  push(...items: readonly Adoptable<I>[]): number
  pop(): Live<I> | undefined
  shift(): Live<I> | undefined
  unshift(...items: readonly Adoptable<I>[]): number
  insert(index: number, ...items: readonly Adoptable<I>[]): void
  /** Removes and inserts; returns what was removed. */
  splice(start: number, deleteCount?: number, ...items: readonly Adoptable<I>[]): Live<I>[]
  /** Takes the item at `from` out and puts it back so that it stands at `to`. It stays the same item. */
  move(from: number, to: number): void
  sort(compare?: (a: Live<I>, b: Live<I>) => number): this
  clear(): void
  /** Replaces all items. */
  replace(items: Iterable<Adoptable<I>>): void
  indexOf(item: Live<I>): number
  includes(item: Live<I>): boolean
  find(test: (item: Live<I>, index: number) => boolean): Live<I> | undefined
  findIndex(test: (item: Live<I>, index: number) => boolean): number
  some(test: (item: Live<I>, index: number) => boolean): boolean
  every(test: (item: Live<I>, index: number) => boolean): boolean
  filter(test: (item: Live<I>, index: number) => boolean): Live<I>[]
  map<R>(project: (item: Live<I>, index: number) => R): R[]
  forEach(visit: (item: Live<I>, index: number) => void): void
  slice(start?: number, end?: number): Live<I>[]
  keys(): IterableIterator<number, void, unknown>
  values(): IterableIterator<Live<I>, void, unknown>
  entries(): IterableIterator<[number, Live<I>], void, unknown>
}
