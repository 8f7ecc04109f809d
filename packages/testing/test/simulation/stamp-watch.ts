import type { Ledger } from './ledger.ts'
import type { Stage } from './showing.ts'

/** What a stamp says, as far as it is looked at. */
interface Stamped {
  readonly tick: number
  readonly time: number
  readonly mutation: number
  readonly input: number
}

/** Who looks. */
interface Watcher {
  readonly ledger: Ledger
  readonly stage: Stage
  readonly name: string
}

/** Looks whether stamps of a room go back, for as long as seat and server are the same. */
export function watchStamps({ ledger, stage, name }: Watcher, room: { readonly memberId: string }): void {
  // The program around a room is not told of stamps.
  const stamps: unknown = Reflect.get(room, 'stamps')
  if (!(stamps instanceof Set)) throw new TypeError('a room has no set of those that are told of its stamps')
  let last: (Stamped & { readonly seat: string }) | undefined
  stamps.add((stamp: Stamped) => {
    const seat = `${room.memberId} of server ${stage.servers}`
    const before = last
    last = { ...stamp, seat }
    ledger.count('stamps')
    if (before?.seat !== seat) return
    for (const what of ['tick', 'time', 'mutation', 'input'] as const) {
      if (stamp[what] >= before[what]) continue
      ledger.fault(`${name}: ${what} of its stamps went back from ${before[what]} to ${stamp[what]}`)
    }
  })
}
