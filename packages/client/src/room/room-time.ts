import { wrong } from '../arguments.ts'
import { ServerTime, type RoomTime } from '../time/server-time.ts'
import { Room } from './room.ts'

/**
 * The server's time, and how far away it is. Nothing is asked before the first use; one estimate serves all rooms of a client.
 *
 * ```ts
 * import { serverTime, type JoinedRoom } from '@junto/client'
 *
 * export function secondsUntil<T>(room: JoinedRoom<T>, endsAt: number): number {
 *   return Math.max(0, (endsAt - serverTime(room).now()) / 1000)
 * }
 * ```
 *
 * A function, so that pages which ask for no time do not load it.
 *
 * @throws JuntoError `misuse` for what is no room.
 */
export function serverTime(room: { readonly memberId: string }): RoomTime {
  if (!(room instanceof Room)) throw wrong('what has a time', 'a room', room)
  const { connection } = room
  return (connection.time ??= new ServerTime(connection.clock, () => connection.probe()))
}
