import type { AnyContract, MutationsOf, Of, RateLimit } from '@junto/schema'
import type { InputOptions } from '../motion/motion-settings.ts'
import type { Migrations } from '../store/migrations.ts'

/** What `authenticate` is asked about. */
export interface Credentials {
  /** What the client's `auth` yielded, when that is a string: a token, to be verified. None for a guest. */
  readonly token: string | undefined
  /** What the client's `auth` yielded, whatever it is. Untrusted. */
  readonly auth: unknown
  readonly remoteAddress: string
  /** Aborted when the answer is no longer wanted: the time is up, or the connection gone. */
  readonly signal: AbortSignal
}

/** How rooms of one contract are saved. */
export interface PersistOptions {
  /**
   * Whether what changed is saved alone where the store can keep that, and the whole room only now and then. Default: true.
   */
  readonly incremental?: boolean
  /** Milliseconds from a change to the save: what a crash may cost. Default: the limit `saveDelay`, 1,000. */
  readonly delay?: number
  /** Milliseconds after which a room is saved that changes all the time. Default: the limit `saveInterval`, 5,000. */
  readonly interval?: number
}

/** How rooms of one contract are run. */
export interface RoomSettings {
  /** Members at once, those joining included. Default: 100. */
  readonly maxMembers?: number
  /** Saves rooms that have a key, and restores them when they are opened again; or how. Default: false. */
  readonly persist?: boolean | PersistOptions
  /**
   * What makes states that were saved with an older version of the contract fit, by the version that a step leads to:
   * `{ 2: (saved: { name: string }) => ({ title: saved.name }) }`. Additive changes need no step. Default: none; what does not fit is
   * refused, naming the field, and stays as it was saved.
   */
  readonly migrations?: Migrations
  /** Ticks a second, each of the same length: above 0, up to 1,000. Default: no tick. */
  readonly tickRate?: number
  /** Whether a room ticks while nobody is there, too. Default: false, its time stands still then. Only with `tickRate`, as the next two. */
  readonly tickWhenEmpty?: boolean
  /** How many ticks that are late are made up for at once; of more, the oldest never were. A whole number to 1,000. Default: 5. */
  readonly maxCatchUp?: number
  /** How the inputs of members are taken, where the contract declares one. */
  readonly inputs?: InputOptions
  /**
   * Patches a second, at most. Default: 20 in a room that ticks; otherwise there is no such bound, and each turn of the
   * event loop that changes something ends with a patch.
   */
  readonly patchRate?: number
  /**
   * How often a second members are told what others show of themselves, at most: of each the newest. Default: 20. Only where the contract
   * declares a presence, as with the other two.
   */
  readonly presenceRate?: number
  /**
   * Milliseconds for which a member that has lost its connection goes on to show what it showed: whoever is back by then was never gone for the others.
   * `Infinity`: until it has left. Default: 5,000, since a short loss is over in two or three seconds.
   */
  readonly presenceGrace?: number
  /**
   * Members see only what those show who were put in their view: `member.view.add(other)`. Default: false, all see what each shows.
   */
  readonly presenceViews?: boolean
  /**
   * Milliseconds from the last member's leaving until an empty room is disposed (a persisted one is saved and comes back
   * when it is opened). `Infinity`: never. Default: 5,000, so that reloading a page finds the room still there.
   */
  readonly disposeAfter?: number
  /**
   * Milliseconds without a message of any member (calls, events, streams, presence, joins), after which the room is closed: `onLeave` with `idle`.
   * Default: `Infinity`, silence ends nothing.
   */
  readonly idleAfter?: number
  /**
   * Milliseconds after which the room is closed, whoever is there: `onLeave` with `expired`. Counted from when it was created or restored.
   * Default: `Infinity`, it may live as long as somebody needs it.
   */
  readonly maxAge?: number
}

/**
 * Decides who comes; asked once per connection, those with which a client comes back included, and also where the client sent no
 * credentials: `token` and `auth` are undefined then, and guests are let in or not. Only a program that is no browser page (it
 * names no Origin) and sent no credentials is refused unasked.
 *
 * To refuse with a sentence, throw a JuntoError `unauthorized` or `forbidden`. Whatever else it throws is a fault: it is
 * logged as an error, and the client hears `internal` and may try again. A verifier that throws for a bad token is to be
 * caught.
 */
export type Authenticate<T> = undefined extends Of<T>['user']
  ? {
      /** Whether to let the connection in. Default: everybody may come in. */
      readonly authenticate?: (credentials: Credentials) => boolean | Promise<boolean>
    }
  : {
      /** Who this is, as the contract's `user` says, or `undefined` to refuse. */
      readonly authenticate: (
        credentials: Credentials,
      ) => Of<T>['user'] | undefined | Promise<Of<T>['user'] | undefined>
      /**
       * What tells one user from another, for what a user may have and do over all connections, and for who may take a seat
       * again; `undefined`: nobody in particular, like everybody who shows no credentials. Default: the field `id` of the user, where
       * it has one that is a text or a number.
       */
      readonly userKey?: (user: Of<T>['user']) => string | undefined
    }

/** What takes mutations back, where there are any. */
type UndoOf<T> = [keyof MutationsOf<T>] extends [never] ? never : 'undo'

/** Limits of single messages. */
export interface MessageRates<T extends AnyContract> {
  /**
   * How often one user may send a message to one room, by its name, or that of a mutation, or `undo`; over what the contract says in its
   * `limit`. What comes too often is refused with `rate_limited`, and nothing else with it. Default: as the contract says.
   */
  readonly messageLimits?: {
    readonly [K in keyof Of<T>['clientToServer'] | keyof MutationsOf<T> | UndoOf<T>]?: RateLimit
  }
}

/** What `define` takes beside contract and class. */
export type DefineOptions<T extends AnyContract> = RoomSettings & MessageRates<T> & Authenticate<T>

/** The options of `define`, which may be left out where the contract declares no user. */
export type DefineArguments<T extends AnyContract> = undefined extends Of<T>['user']
  ? [options?: DefineOptions<T>]
  : [options: DefineOptions<T>]
