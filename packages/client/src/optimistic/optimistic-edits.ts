import { JuntoError } from '@junto/protocol'
import { isPromiseLike, type StampFrame } from '@junto/protocol/internal'
import {
  Edit,
  EditsAhead,
  undoName,
  type Editing,
  type IssuedMutation,
  type MessageCodec,
  type UndoParams,
} from '@junto/schema/internal'
import { Listeners } from '../listeners.ts'
import { DeclaredCallError } from '../room/call-errors.ts'
import type { Correction, IssuedEdit, Optimism, Undoer } from '../room/optimism.ts'
import type { Room } from '../room/room.ts'
import type { Subscription } from '../subscription.ts'
import { reportFault } from '../warnings.ts'
import { mutatorRun } from './mutator-run.ts'

/** A mutator, without its types. */
type Mutator = (state: unknown, params: unknown, context: object) => unknown

/** An input that the server has not applied yet. */
class InputEdit extends Edit {
  readonly seq: number

  constructor(seq: number, run: (state: unknown) => void) {
    super(run, false)
    this.seq = seq
  }
}

/** A mutation that the server has not handled yet. */
class MutationEdit extends Edit implements IssuedEdit {
  readonly codec: MessageCodec
  n: number
  params: unknown
  /** Something that is still pending, too, takes it back. */
  isWanted = false
  /** Whether the server has made something else of it than was shown. */
  isCorrected = false
  /** Whether it has ever shown anything. */
  #hasShown = false
  /** What its call ended with. */
  #end: { readonly error?: unknown } | undefined
  readonly #over: (mutation: MutationEdit) => void
  readonly #undoer: Undoer | undefined

  /** @param over Told when its end is known, and when it was corrected. */
  constructor(
    codec: MessageCodec,
    { n, params }: IssuedMutation,
    run: (state: unknown, edit: MutationEdit) => void,
    over: (mutation: MutationEdit) => void,
    undoer: Undoer | undefined,
  ) {
    super((state) => {
      run(state, this)
      this.#hasShown ||= this.journal.steps.length > 0
    })
    this.codec = codec
    this.n = n
    this.params = params
    this.#over = over
    this.#undoer = codec.undoable ? undoer : undefined
  }

  override look(editing: Editing): (() => void) | undefined {
    return this.outcome === 'confirmed' || this.isWanted ? this.#undoer?.look(this.n, editing, this.journal) : undefined
  }

  /** What there is to tell of it; nothing while its end is not known. */
  get correction(): Correction | undefined {
    const { n, codec } = this
    if (this.#end === undefined) return undefined
    if ('error' in this.#end) {
      // Of what never showed there is nothing to say: its caller knows.
      if (!this.#hasShown) return undefined
      return { kind: 'rejected', mutation: codec.name, n, error: this.#end.error }
    }
    return this.isCorrected ? { kind: 'corrected', mutation: codec.name, n } : undefined
  }

  answered(): void {
    this.#end = {}
    if (this.isCorrected) this.#over(this)
  }

  failed(error: unknown): void {
    this.#end = { error }
    if (this.outcome === 'pending') this.outcome = 'given up'
    this.#over(this)
  }

  corrected(): void {
    this.isCorrected = true
    if (this.#end !== undefined) this.#over(this)
  }
}

/** Shows the mutations and inputs of one room in its mirror, until the server has handled them. */
export class OptimisticEdits implements Optimism {
  undoer: Undoer | undefined
  readonly #room: Room
  readonly #mutators: object
  readonly #ahead: EditsAhead
  readonly #corrections: Listeners<Correction>
  /** Mutations of which there is something to tell, when this turn's code has run. */
  #over: MutationEdit[] = []
  #isRunning = false
  /** Names of mutators that were reported for what they threw. */
  readonly #reported = new Set<string>()

  constructor(room: Room, mutators: object) {
    this.#room = room
    this.#mutators = mutators
    this.#corrections = new Listeners(room.options.report, `a listener to the corrections of room '${room.name}'`)
    this.#ahead = new EditsAhead(room.mirror, (edit) => {
      if (edit instanceof MutationEdit) edit.corrected()
    })
    room.mirror.ahead = this.#ahead
  }

  issue(codec: MessageCodec, wire: unknown, former: IssuedEdit | undefined): IssuedEdit {
    const { name } = codec
    // As the server reads it: rounded, and a copy.
    const issued = codec.params?.decode(wire, name) as IssuedMutation
    if (former instanceof MutationEdit && former.outcome === 'pending') {
      former.n = issued.n
      former.params = issued.params
      this.#ahead.putLast(former)
      return former
    }
    if (name === undoName) this.#want(issued.params)
    const run = (state: unknown, edit: MutationEdit): void => {
      const error = (code: string, data: unknown, message = `${name} failed: ${code}`): Error =>
        new DeclaredCallError(`${this.#room.name}.${name}`, code, message, data)
      if (name === undoName) {
        this.undoer?.run(state, edit.params as UndoParams, edit)
        return
      }
      this.#run(name, state, edit.params, { ...mutatorRun(this.#room.memberId, issued.seed, issued.at), error })
    }
    const mutation = new MutationEdit(codec, issued, run, (over) => this.#tellLater(over), this.undoer)
    // The answer may be here already, where nothing lies between.
    if ((this.#room.stamp?.mutation ?? 0) < issued.n) this.#ahead.add(mutation)
    return mutation
  }

  check(): void {
    if (!this.#isRunning) return
    throw new JuntoError('misuse', 'a mutator sends no mutations: it calls the functions of others itself')
  }

  predict(seq: number, at: number, input: unknown): void {
    if ((this.#room.stamp?.input ?? 0) < seq) this.#ahead.add(new InputEdit(seq, this.#input(seq, at, input)))
  }

  preview(seq: number, at: number, input: unknown, read: () => void): void {
    this.#ahead.preview(this.#input(seq, at, input), read)
  }

  forgetInputs(): void {
    this.entered()
    this.#ahead.rebase()
  }

  entered(): void {
    // What is shown soon is to have the server's time: it is asked for early.
    this.#room.time.now()
    for (const edit of this.#ahead.edits) if (edit instanceof InputEdit) edit.outcome = 'given up'
  }

  stamped({ time: serverTime, mutation, input, alone }: StampFrame): void {
    const { time, clock } = this.#room.options
    time.least = Math.max(time.least ?? -Infinity, serverTime - clock.now())
    let isNews = false
    for (const edit of this.#ahead.edits) {
      if (edit.outcome !== 'pending') continue
      if (edit instanceof InputEdit ? edit.seq > input : edit instanceof MutationEdit && edit.n > mutation) continue
      edit.outcome = 'confirmed'
      isNews = true
    }
    // Otherwise a patch comes, or a snapshot.
    if (alone === true && isNews) this.#ahead.rebase()
  }

  onCorrection(listener: (correction: Correction) => void): Subscription {
    return this.#corrections.add(listener)
  }

  /** What is to be taken back has to be known: of what is pending that is found out while it is undone. */
  #want(params: unknown): void {
    const { of } = params as UndoParams
    let isNews = false
    for (const edit of this.#ahead.edits) {
      if (!(edit instanceof MutationEdit) || edit.isWanted || !of.includes(edit.n)) continue
      edit.isWanted = isNews = true
    }
    if (isNews) this.#ahead.rebase()
  }

  #input(seq: number, at: number, input: unknown): (state: unknown) => void {
    return (state) => {
      const { memberId, tick = 0 } = this.#room
      this.#run('input', state, input, { ...mutatorRun(memberId, seq, at), dt: tick, seq })
    }
  }

  /** Runs a mutator. What it throws undoes what it did, here; the server finds out for itself. */
  #run(name: string, state: unknown, params: unknown, context: object): void {
    const mutator: unknown = Object.hasOwn(this.#mutators, name) ? Reflect.get(this.#mutators, name) : undefined
    if (typeof mutator !== 'function') return
    this.#isRunning = true
    try {
      const result = (mutator as Mutator)(state, params, context)
      if (isPromiseLike(result)) {
        // Whatever becomes of it, nobody is told a second time.
        result.then(undefined, () => {})
        throw new JuntoError('misuse', 'it returned a promise: a mutator does all it does before it returns')
      }
    } catch (error) {
      if (!(error instanceof DeclaredCallError) && !this.#reported.has(name)) {
        this.#reported.add(name)
        reportFault(this.#room.options.report, `the mutator '${name}' of room '${this.#room.name}'`, error)
      }
      throw error
    } finally {
      this.#isRunning = false
    }
  }

  /** Of many that fail at once, as when a seat is lost, what is shown is made anew once. */
  #tellLater(mutation: MutationEdit): void {
    this.#over.push(mutation)
    if (this.#over.length > 1) return
    void Promise.resolve().then(() => {
      const all = this.#over
      this.#over = []
      if (all.some(({ outcome }) => outcome === 'given up')) this.#ahead.rebase()
      if (this.#room.status.value.state === 'left') return
      for (const { correction } of all) if (correction !== undefined) this.#corrections.tell(correction)
    })
  }
}
