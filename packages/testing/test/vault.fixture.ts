import { call, defineRoom, event, stream, t } from '@junto/schema'
import { JuntoError, Room, type Member, type RoomClass } from '@junto/server'

const Card = t.Object({ face: t.String() })
const Player = t.Object({
  by: t.Owner(),
  name: t.String(),
  hand: t.Visible('owner', t.Array(Card)),
  gold: t.Visible(['owner', 'tag-of-the-bank'], t.Float64()),
  key: t.Visible('owner', t.Bytes()),
  file: t.Visible('tag-of-the-bank', t.Json()),
})
const Unit = t.Object({ name: t.String(), x: t.Float64(), plan: t.Visible('tag-of-the-staff', t.String()) })

/** A room in which everybody has something to hide. */
export const Vault = defineRoom('vault', {
  version: 1,
  user: t.Object({ role: t.Enum(['player', 'staff', 'guest']) }),
  state: t.Object({
    turn: t.Uint32(),
    players: t.Map(Player),
    units: t.Map(Unit, { view: true }),
    target: t.Id(Unit),
  }),
  clientToServer: {
    /** Ends the turn: all that is hidden changes. */
    play: call({ params: t.Object({ to: t.Uint32() }) }),
    fail: call({ params: t.Object({ how: t.String() }) }),
    failing: stream({ item: t.String() }),
    stumble: event(t.Object({ how: t.String() })),
  },
  serverToClient: { played: event(t.Object({ turn: t.Uint32() })) },
})

/** The values that some do not see: what they are is the test's choice. */
export interface Secrets {
  readonly face: string
  readonly gold: number
  readonly key: Uint8Array
  readonly file: string
  /** Of an entity that only its staff has in view. */
  readonly unitName: string
  readonly unitX: number
  readonly plan: string
  /** What errors of the room say. */
  readonly error: string
}

/** Secrets of a later turn: others. */
export function later(secrets: Secrets, turn: number): Secrets {
  return {
    face: `${secrets.face}:${turn}`,
    gold: secrets.gold + turn,
    key: secrets.key.map((byte) => (byte + turn) % 256),
    file: `${secrets.file}:${turn}`,
    unitName: `${secrets.unitName}:${turn}`,
    unitX: secrets.unitX - turn,
    plan: `${secrets.plan}:${turn}`,
    error: secrets.error,
  }
}

/** A room, as far as tests play it. */
export interface PlayedRoom {
  /** The secrets as they are now. */
  readonly secrets: Secrets
  /** Changes all that is hidden. */
  play(turn: number): void
}

/** A class of rooms with these secrets, and the rooms of it. */
export function vaultRooms(first: Secrets): {
  readonly rooms: PlayedRoom[]
  readonly VaultRoom: RoomClass<typeof Vault>
} {
  const rooms: PlayedRoom[] = []
  class VaultRoom extends Room(Vault) {
    secrets = first

    constructor() {
      super()
      rooms.push(this)
    }

    onCreate() {
      const { unitName, unitX, plan } = this.secrets
      return {
        turn: 0,
        players: { rich: this.player('rich') },
        units: {
          ghost: { name: unitName, x: unitX, plan },
          scout: { name: 'a scout', x: 1, plan },
        },
        target: 'ghost',
      }
    }

    override onJoin(member: Member<typeof Vault>) {
      const { role } = member.user
      if (role === 'guest' && this.state.turn === 99) throw new Error(this.secrets.error)
      const { view } = member
      view.add(this.unit('scout'))
      if (role === 'staff') {
        view.grant('tag-of-the-bank')
        view.grant('tag-of-the-staff')
        view.filter(this.state.units, () => true)
      }
      if (role === 'player') view.owner = 'rich'
    }

    player(by: string) {
      const { face, gold, key, file } = this.secrets
      return { by, name: by, hand: [{ face }], gold, key, file: { note: file } }
    }

    unit(name: string) {
      const unit = this.state.units.get(name)
      if (unit === undefined) throw new Error(`no unit ${name}`)
      return unit
    }

    play(turn: number): void {
      this.state.turn = turn
      this.secrets = later(first, turn)
      const { face, gold, key, file, unitName, unitX, plan } = this.secrets
      const rich = this.state.players.get('rich')
      if (rich === undefined) throw new Error('nobody is rich')
      rich.hand.push({ face })
      rich.gold = gold
      rich.key = key
      rich.file = { note: file, turn }
      const ghost = this.unit('ghost')
      ghost.name = unitName
      ghost.x = unitX
      ghost.plan = plan
      this.unit('scout').plan = plan
      this.state.units.set(`ghost ${turn}`, { name: unitName, x: unitX, plan })
      this.state.target = `ghost ${turn}`
      for (const { view } of this.members.values()) view.update()
      this.broadcast.played({ turn })
    }

    #throw(how: string): never {
      const { error } = this.secrets
      switch (how) {
        case 'error':
          throw new Error(error)
        case 'cause':
          throw new Error('it failed', { cause: new Error(error) })
        case 'value':
          // What somebody else's code throws may be anything.
          throw Object.assign(new Error('odd'), { code: error, data: { error } })
        case 'internal':
          throw new JuntoError('internal', error)
        case 'twice':
          // The state's own error has the path, and with it a key that not everybody knows.
          this.state.players.set('copy', this.state.players.get('rich') as never)
          break
        case 'wrong':
          this.unit('ghost').x = NaN
          break
        case 'view':
          for (const { view } of this.members.values()) view.add(this.unit(error))
      }
      throw new Error('it should have failed by itself')
    }

    readonly handlers = this.handle({
      play: ({ to }) => this.play(to),
      fail: ({ how }) => this.#throw(how),
      failing: async function* (this: void) {
        yield 'first'
        throw new Error(first.error)
      },
      stumble: ({ how }) => this.#throw(how),
    })
  }
  return { rooms, VaultRoom }
}
