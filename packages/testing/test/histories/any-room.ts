import { call, defineRoom, event, t } from '@junto/schema'
import { Room, type Member, type RoomBase, type RoomClass } from '@junto/server'
import { schemaOf, type RecordKind } from './kinds.ts'

/** The contract of a room with such a state. */
export function anyContract(state: RecordKind) {
  return defineRoom('any', {
    version: 1,
    join: t.Object({ who: t.Uint8() }),
    // What everybody sees changes with each beat.
    state: t.Object({ beat: t.Uint32(), all: schemaOf(state) }),
    clientToServer: { fail: call({ params: t.Object({ seed: t.Integer() }), result: t.Boolean() }) },
    serverToClient: { filled: event(t.Bytes()) },
  })
}

export type AnyContract = ReturnType<typeof anyContract>
export type AnyRoom = RoomBase<AnyContract>
export type AnyMember = Member<AnyContract>

/** Who looks after the rooms of a server. */
export interface Keeper {
  /** The first state. */
  readonly first: unknown
  entered(room: AnyRoom, member: AnyMember): void
  left(member: AnyMember): void
  disposed(room: AnyRoom): void
  /** A text that no client may ever see. */
  secret(): string
}

/** A class of such rooms. */
export function anyRooms(contract: AnyContract, keeper: Keeper): RoomClass<AnyContract> {
  return class extends Room(contract) {
    onCreate() {
      return { beat: 0, all: keeper.first }
    }

    override onRestore() {
      // What a member sees is not saved.
      for (const member of this.members.values()) keeper.entered(this, member)
    }

    override onJoin(member: AnyMember) {
      keeper.entered(this, member)
    }

    override onLeave(member: AnyMember) {
      keeper.left(member)
    }

    override onDispose() {
      keeper.disposed(this)
    }

    readonly handlers = this.handle({
      // What a room's code throws is no client's business.
      fail: ({ seed }) => {
        const secret = keeper.secret()
        throw seed % 2 === 0
          ? new Error(secret)
          : Object.assign(new Error('odd'), { code: secret, data: { [secret]: secret } })
      },
    })
  }
}
