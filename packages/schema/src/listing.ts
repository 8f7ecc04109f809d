import type { AnyContract, Contract, RoomShape } from './contract.ts'
import type { MapModel, ValueModel } from './model.ts'
import { Boolean, Map, Object, Optional, String, Uint32, Unsafe, Value } from './types.ts'

/** A room as lists of rooms have it: the model of an entry, of any contract. */
interface ListedModel {
  id: string
  members: number
  maxMembers: number
  locked: boolean
  metadata?: ValueModel<unknown>
}

/** The contract of lists of rooms: a room whose state is the list, and in which nothing is said. */
export type ListingContract = Contract<
  string,
  {
    version: number
    join: undefined
    options: undefined
    metadata: undefined
    user: undefined
    state: { rooms: MapModel<ListedModel> }
    presence: undefined
    input: undefined
    mutations: Record<never, never>
    clientToServer: Record<never, never>
    serverToClient: Record<never, never>
  }
>

const known = new WeakMap<AnyContract, ListingContract>()

/** The contract of lists of a contract's rooms. It has the name and the version of that one, with another layout. Made once per contract. */
export function listingOf(contract: AnyContract): ListingContract {
  let listing = known.get(contract)
  if (listing === undefined) known.set(contract, (listing = makeListing(contract)))
  return listing
}

function makeListing({ name, version, shape }: AnyContract): ListingContract {
  const listed = Object({
    id: String(),
    members: Uint32(),
    maxMembers: Uint32(),
    locked: Boolean(),
    // Metadata are replaced as a whole. Whatever builder made their schema: it has been read already.
    ...(shape.metadata !== undefined && { metadata: Optional(Value(Unsafe<unknown>(shape.metadata))) }),
  })
  const shapeOfList: RoomShape = {
    version,
    state: Object({ rooms: Map(listed) }),
    clientToServer: {},
    serverToClient: {},
  }
  return { name, version, shape: shapeOfList }
}
