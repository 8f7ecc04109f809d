import type { Token } from '../container.ts'
import type { Past, RewindOptions } from '../motion/rewind.ts'
import type { RoomVisibility } from './room.ts'

/** What a room's host offers to the room's base class. Without types: the base class gives them by the contract. */
export interface RoomScope {
  readonly id: string
  readonly key: string | undefined
  readonly state: unknown
  readonly members: ReadonlyMap<string, unknown>
  readonly broadcast: unknown
  metadata: unknown
  readonly code: string
  readonly locked: boolean
  visibility: RoomVisibility
  maxMembers: number
  lock(): void
  unlock(): void
  inject<S>(token: Token<S>): S
  after(ms: number, fn: () => unknown): () => void
  every(ms: number, fn: () => unknown): () => void
  rewindable(
    select: (state: unknown) => unknown,
    fields: readonly string[],
    options?: RewindOptions,
  ): (member: object, at?: number) => Past<unknown>
  drain(member: object): readonly object[]
  close(message?: string): void
  save(): Promise<void>
}

// A room's fields already ask for services, so its base constructor must know its host; and users' constructors hand
// nothing on to it. Construction is synchronous, so a variable can carry the host there.
let offered: RoomScope | undefined

/** Constructs a room within its host. @throws Error when the class does not extend `Room(Contract)`, or is shared. */
export function constructWithin<R>(scope: RoomScope, construct: () => R): R {
  const outer = offered
  offered = scope
  try {
    const room = construct()
    if (offered !== undefined) {
      throw new Error(
        'The room class was not constructed anew: every room needs its own instance. Remove @singleton() from the ' +
          'class, or the registration of an instance.',
      )
    }
    return room
  } finally {
    offered = outer
  }
}

/** The host that constructs a room right now. To be called by the base constructor, once. */
export function takeScope(room: { readonly name: string }): RoomScope {
  const scope = offered
  if (!scope) {
    throw new Error(
      `${room.name} was constructed with new. Rooms are made by the server: server.define(Contract, ${room.name}), ` +
        'and a client opens one.',
    )
  }
  offered = undefined
  return scope
}
