import { undoing, type JoinedRoom, type Undoing } from '@junto/client'
import type { SeededRandom } from '../../src/index.ts'
import { strokes, type Sim } from './contract.ts'
import { codeOf, endCall } from './endings.ts'
import type { Lanes, Ledger } from './ledger.ts'
import type { Stage } from './showing.ts'
import { watchStamps } from './stamp-watch.ts'

/** What an editor is told besides its room. */
export interface Editing {
  readonly ledger: Ledger
  readonly stage: Stage
  /** What its program sends. */
  readonly up: Lanes
  readonly random: SeededRandom
  /** Its program's. */
  readonly name: string
}

/** Of one program in one room, what it does to the state: mutations, and taking them back. */
export class Editor {
  readonly #editing: Editing
  readonly #room: JoinedRoom<Sim>
  /** Whether what it does shows at once. */
  readonly #shows: boolean
  readonly #steps: Undoing
  #ended = false
  /** Undos and redos that have not ended. */
  #taking = 0
  /** Mutations that the server has refused, those of them that changed something for sure, and how many it was told of as corrections. */
  #refused = 0
  #refusedNotes = 0
  #rejections = 0

  constructor(editing: Editing, room: JoinedRoom<Sim>, shows: boolean) {
    this.#editing = editing
    this.#room = room
    this.#shows = shows
    this.#steps = undoing(room, { pause: 300 })
    watchStamps(editing, room)
    room.onCorrection(({ kind, error }) => {
      if (this.#ended) return
      editing.ledger.count(`correction ${kind}`)
      if (kind === 'rejected' && isOdd(error)) this.#rejections++
    })
  }

  act(): void {
    const { random } = this.#editing
    const room = this.#room
    switch (random.integer(0, 7)) {
      case 0:
      case 1:
        return void this.#note(room)
      case 2:
      case 3:
      case 4:
        for (let n = random.integer(1, 3); n > 0; n--) void this.#draw(room)
        return
      case 5:
      case 6:
        return void this.#take('undo')
      default:
        return void this.#take('redo')
    }
  }

  async #note(room: JoinedRoom<Sim>): Promise<void> {
    const { up, name, ledger } = this.#editing
    const mark = up.next()
    const { notes } = room.state
    const ending = this.#issue('note', mark.n, () => room.mutate.note(mark))
    if (this.#shows && this.#isShown()) {
      if (room.state.noted.get(name) !== mark.n || room.state.notes !== notes + 1)
        ledger.fault(`${name}: mutation ${mark.n} did not show at once`)
      ledger.count('shown at once')
    }
    if ((await ending) !== 'ok' || this.#ended || room.status.value.state === 'left') return
    const last = room.state.noted.get(name) ?? 0
    if (last < mark.n)
      ledger.fault(`${name}: mutation ${mark.n} was run, and the mirror says that ${last} was the last`)
  }

  async #draw(room: JoinedRoom<Sim>): Promise<void> {
    const { up, random } = this.#editing
    const mark = up.next()
    const params = { ...mark, stroke: random.pick(strokes), key: `t${random.integer(0, 3)}`, x: random.integer(0, 900) }
    await this.#issue('draw', mark.n, () => room.mutate.draw(params))
  }

  /** Notes a mutation and how it ended. */
  async #issue(what: 'note' | 'draw', n: number, mutate: () => Promise<number>): Promise<string> {
    const { up, ledger } = this.#editing
    up.reliable.sent(n)
    up.calls.sent(n)
    let code = 'ok'
    try {
      const result = await mutate()
      if (this.#ended) return code
      up.calls.acknowledged(n)
      if (result !== n) ledger.fault(`mutation ${n} was answered by ${result}`)
    } catch (error) {
      code = isOdd(error) ? 'odd' : codeOf(error)
      if (this.#ended) return code
      if (code !== 'odd') {
        endCall(ledger, up, n, error, what)
        return code
      }
      up.calls.acknowledged(n)
      this.#refused++
      if (what === 'note') this.#refusedNotes++
    }
    ledger.count(`${what} ${code}`)
    return code
  }

  async #take(how: 'undo' | 'redo'): Promise<void> {
    const { random, ledger, name } = this.#editing
    this.#taking++
    try {
      const { done, skipped, overwrite } = await this.#steps[how]({ force: random.chance(0.2) })
      if (this.#ended) return
      ledger.count(done > 0 ? `${how} done` : `${how} of nothing`)
      if (skipped > 0) ledger.count(`${how} skipped`)
      if (skipped > 0 !== (overwrite !== undefined))
        ledger.fault(`${name}: ${how} skipped ${skipped}, and ${overwrite === undefined ? 'cannot' : 'can'} overwrite`)
    } catch (error) {
      const code = codeOf(error)
      ledger.count(`${how} ${code}`)
      if (!this.#ended && !['disconnected', 'rate_limited', 'outcome_unknown', 'cancelled'].includes(code))
        ledger.fault(`${name}: ${how} ended as ${String(error)}`)
    } finally {
      this.#taking--
    }
  }

  #isShown(): boolean {
    const { state } = this.#room.status.value
    return state !== 'left'
  }

  /** The page is gone. */
  end(): void {
    this.#ended = true
  }

  /** When all is quiet: nothing is under way, and nothing was refused in silence. */
  prove(): void {
    const { ledger, name } = this.#editing
    if (this.#ended || this.#room.status.value.state !== 'joined') return
    if (this.#taking > 0) ledger.fault(`${name}: ${this.#taking} undos never ended`)
    // Of what never showed nothing is told: some strokes change nothing.
    if (this.#shows && (this.#rejections < this.#refusedNotes || this.#rejections > this.#refused))
      ledger.fault(
        `${name}: ${this.#refused} mutations were refused, of which ${this.#refusedNotes} showed for sure, and ${this.#rejections} corrections told`,
      )
  }
}

/** Whether it is what the server has refused, as the contract declares it. */
function isOdd(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'odd'
}
