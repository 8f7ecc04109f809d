import { JuntoError } from '@junto/protocol'
import type { MemberSeat } from './member-seat.ts'
import type { Entrant } from './seat-host.ts'
import type { SeatView } from './seat-view.ts'

/** What users see of a membership. Its types come from the contract, where it is handed out. */
export class RoomMember {
  readonly id: string
  user: unknown
  readonly join: unknown
  readonly #seat: MemberSeat
  #call: Readonly<Record<string, unknown>> | undefined
  #send: Readonly<Record<string, unknown>> | undefined

  constructor(seat: MemberSeat, { identity, join }: Entrant) {
    this.#seat = seat
    this.id = seat.id
    this.user = identity.user
    this.join = join
  }

  get connected(): boolean {
    return this.#seat.connected
  }

  get call(): Readonly<Record<string, unknown>> {
    return (this.#call ??= this.#seat.conversation.calls())
  }

  get send(): Readonly<Record<string, unknown>> {
    return (this.#send ??= this.#seat.conversation.senders())
  }

  get presence(): unknown {
    return this.#seat.presence
  }

  get view(): SeatView {
    return this.#seat.view
  }

  get patchRate(): number | undefined {
    const { patchInterval } = this.#seat
    return patchInterval === 0 ? undefined : 1000 / patchInterval
  }

  set patchRate(rate: number | undefined) {
    if (rate !== undefined && !(rate > 0 && rate <= 1000)) {
      throw new JuntoError('misuse', `the patchRate of a member must be above 0 and up to 1000 a second, not ${rate}`)
    }
    this.#seat.patchInterval = rate === undefined ? 0 : 1000 / rate
  }

  kick(message?: string): void {
    this.#seat.end('kicked', message)
  }
}
