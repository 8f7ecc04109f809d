import { FrameType } from '@junto/protocol/internal'
import { call, defineRoom, t } from '@junto/schema'
import type { DefineArguments } from '../room/define-options.ts'
import type { Member } from '../room/member.ts'
import { Room, type RoomBase, type RoomClass } from '../room/room.ts'
import { World, type TestClient, type WorldOptions } from '../room/rooms.fixture.ts'

/** A room whose members show where they stand. */
export const Stage = defineRoom('stage', {
  version: 1,
  state: t.Object({ n: t.Uint32() }),
  presence: t.Object({ x: t.Uint16({ maximum: 60_000 }), line: t.Optional(t.String()) }),
  clientToServer: { where: call({ result: t.Integer() }) },
  serverToClient: {},
})

export type Actor = Member<typeof Stage>

export interface StageRoom extends RoomBase<typeof Stage> {
  /** What was seen of members, as it was told: `m1 5`. */
  readonly seen: string[]
  readonly failed: string[]
  /** A member, as the room has it. */
  memberOf(client: TestClient): Actor
}

/** What a test wants to happen. */
export interface StageScript {
  readonly onPresence?: (member: Actor) => void | Promise<void>
  readonly onJoin?: (member: Actor) => void
}

/** A room class that follows a script. */
export function stageRooms({ onPresence, onJoin }: StageScript = {}): {
  rooms: StageRoom[]
  Scripted: RoomClass<typeof Stage>
} {
  class Scripted extends Room(Stage) implements StageRoom {
    readonly seen: string[] = []
    readonly failed: string[] = []

    onCreate() {
      rooms.push(this)
      return { n: 0 }
    }

    override onJoin(member: Actor) {
      onJoin?.(member)
    }

    override onPresence(member: Actor) {
      this.seen.push(`${member.id} ${member.presence?.x ?? 'nothing'}`)
      return onPresence?.(member)
    }

    override onError(_error: unknown, where: string) {
      this.failed.push(where)
    }

    memberOf({ seat }: TestClient): Actor {
      const member = this.members.get(seat.joined.member)
      if (member === undefined) throw new Error('no member of this room')
      return member
    }

    readonly handlers = this.handle({ where: (_params, { member }) => member.presence?.x ?? -1 })
  }
  const rooms: StageRoom[] = []
  return { rooms, Scripted }
}

/** A stage in virtual time, with so many clients on it. */
export async function stage(
  clients: number,
  options: DefineArguments<typeof Stage>[0] = {},
  script: StageScript = {},
  worldOptions: WorldOptions = {},
) {
  const world = new World(worldOptions)
  const { rooms, Scripted } = stageRooms(script)
  world.registry.define(Stage, Scripted, options)
  const all: TestClient[] = []
  while (all.length < clients) all.push(await world.join(Stage, { key: 'a' }))
  const [room] = rooms
  if (room === undefined) throw new Error('no room')
  for (const client of all) forget(client)
  return { world, room, clients: all }
}

/** What has come to it so far is not looked at any more. */
export function forget(client: TestClient): void {
  client.frames.length = 0
  client.bytes.length = 0
  client.log.length = 0
}

/** A client shows something. */
export function show(client: TestClient, x: number | null, expires?: number): void {
  client.raw({ type: FrameType.presence, value: x === null ? null : [x], expires })
}

/** What its client was told, in short: `all: m1 5, m2 7`, or `m1 6, m2 gone`. */
export function told({ frames }: TestClient): string[] {
  return frames.flatMap((frame) => {
    if (frame.type !== FrameType.presences) return []
    const entries = frame.entries.map(
      ([member, value]) => `${member} ${Array.isArray(value) ? value.join(' ') : 'gone'}`,
    )
    return `${frame.whole === true ? 'all: ' : ''}${entries.join(', ')}`
  })
}

export function idOf({ seat }: TestClient): string {
  return seat.joined.member
}
