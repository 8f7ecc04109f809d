import type {
  InputContext,
  InputOf,
  Live,
  Mutation,
  MutationContext,
  MutationsOf,
  Mutator,
  Of,
  StateOf,
} from '@junto/schema'
import type { Member } from './member.ts'

/** What the room's mutators know beside what is the same on both sides. */
interface ServerSide<T> {
  /** Whose mutation it is. */
  readonly member: Member<T>
  /** What authentication yielded for that member. */
  readonly user: Of<T>['user']
}

/** What a mutator of a room is told: more than one that also runs on clients. `E` are the declared errors: data by code. */
export interface ServerMutationContext<T, E = Record<never, never>> extends MutationContext<T, E>, ServerSide<T> {
  readonly user: Of<T>['user']
}

/** What the mutator of the input is told in a room. */
export interface ServerInputContext<T> extends InputContext<T>, ServerSide<T> {
  readonly user: Of<T>['user']
}

/** The function of one mutation in a room. */
export type ServerMutator<T, M> =
  M extends Mutation<infer P, infer _R, infer E>
    ? (state: Live<StateOf<T>>, params: P, context: ServerMutationContext<T, E>) => ReturnType<Mutator<T, M>>
    : never

/**
 * The functions of a contract's mutations, and of its input, as a room has them: the shared ones as they are, or some of them within functions of
 * the room's own, which may also send events, or refuse.
 */
export type ServerMutators<T> = {
  readonly [K in keyof MutationsOf<T>]: ServerMutator<T, MutationsOf<T>[K]>
} & ([InputOf<T>] extends [undefined]
  ? unknown
  : {
      readonly input: (state: Live<StateOf<T>>, input: InputOf<T>, context: ServerInputContext<T>) => void | undefined
    })

/** What a room has whose contract declares mutations or an input. */
export type WithMutators<T> = [keyof MutationsOf<T>, InputOf<T>] extends [never, undefined]
  ? unknown
  : {
      /** What its members' mutations do to the state: `readonly mutators = boardMutators`. */
      readonly mutators: ServerMutators<T>
    }

/** What a room hears of a member that takes back some of its mutations, or does them again. */
export interface UndoReport {
  /** Whether it takes back also what others have changed since. */
  readonly force: boolean
  /** Changes that are taken back. */
  readonly done: number
  /** Changes that stand, because somebody has changed since what they had changed. */
  readonly skipped: number
  /** Mutations of which the room does not know any more what they changed. */
  readonly forgotten: number
}
