import type { Of } from './contract.ts'

type Metadata<T> = NonNullable<Of<T>['metadata']>
type Primitive = string | number | bigint | boolean | null

/** Numbers from one to another, both included. What is left out is not bounded. */
export interface Range {
  readonly from?: number
  readonly to?: number
}

/** One of several values. */
export interface OneOf<V> {
  readonly in: readonly V[]
}

/** What a field may be asked to be. One that holds more than a text, number, bigint, boolean or null can only be equal. */
type Wanted<V> = [V] extends [Primitive] ? V | OneOf<V> | ([Extract<V, number>] extends [never] ? never : Range) : V

type WantedFields<M> = { readonly [K in keyof M]?: Wanted<Exclude<M[K], undefined>> }

/**
 * What the metadata of rooms of a contract must be, field by field: a value, a range of numbers (`{ from: 10, to: 20 }`), or one of several
 * values (`{ in: ['ice', 'sand'] }`). Fields that are left out may be anything. A room that lacks a field that is asked for does not fit.
 */
export type Where<T> = WantedFields<Metadata<T>>

/** Lowest first, or highest first. */
export type Direction = 'asc' | 'desc'

type FieldsOf<M> = M extends unknown ? keyof M & string : never

type OrderedFields<M> = M extends unknown
  ? { [K in keyof M & string]: [Exclude<M[K], undefined | null>] extends [string | number] ? K : never }[keyof M &
      string]
  : never

type OnlyBy<K extends string, All extends string> = K extends string
  ? { readonly [P in K]: Direction } & { readonly [P in Exclude<All, K>]?: never }
  : never

/**
 * Which of the rooms that fit comes first: `{ level: 'asc' }` by a field of the metadata that holds numbers or texts, or `{ members: 'desc' }`
 * by how many are there. Among equals, and where nothing is said, the oldest comes first. Rooms that lack the field come last.
 */
export type OrderBy<T> = OnlyBy<OrderedFields<Metadata<T>> | 'members', FieldsOf<Metadata<T>> | 'members'>
