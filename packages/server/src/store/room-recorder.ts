import { pack } from '@junto/protocol/internal'
import type { CompiledLayout, StateTree, Viewer } from '@junto/schema/internal'
import { encodeIncrement, encodeWhole, type Beside } from './saved-room.ts'

/**
 * Increments may become as large together as the room was when it was saved as a whole, then it is again: so no more than twice is
 * written of what changed. Those of small rooms may become this large.
 */
const smallLog = 16 * 1024

/** Increments, after which the room is saved as a whole: loading it goes through all of them. */
const mostIncrements = 1_000

/** A room as whoever saves it sees it. */
export interface RoomSource {
  readonly tree: StateTree
  /** Closes what was done since into a version. */
  flush(): void
  /** The metadata as a map by name; `undefined` when none was set. */
  metadata(): unknown
  /** Who has a seat: plain values by name, opaque to saving. */
  seats(): readonly unknown[]
}

/** What is to be written next. */
export interface Piece {
  /** The pieces that it builds upon; 0: none, it is the room as a whole. */
  readonly base: number
  readonly bytes: Uint8Array
}

/**
 * Makes the pieces of a room that are saved: the room as a whole, then what changed since, until that is as much again. One piece at
 * a time: what became of it has to be said before the next one is made.
 */
export class RoomRecorder {
  readonly #layout: CompiledLayout
  readonly #source: RoomSource
  readonly #incremental: boolean
  /** Has what was saved last; made when first needed. */
  #viewer: Viewer | undefined
  #base = 0
  #wholeBytes = 0
  #logBytes = 0
  /** The metadata and the seats that were saved last. */
  #metadata = nothing
  #seats = nothing

  /** @param incremental Whether increments may be saved. */
  constructor(layout: CompiledLayout, source: RoomSource, incremental: boolean) {
    this.#layout = layout
    this.#source = source
    this.#incremental = incremental
  }

  /** Whether the next piece may be only what changed. */
  get isIncremental(): boolean {
    return this.#incremental && this.#base > 0
  }

  /** Brings the room to a version. */
  flush(): void {
    this.#source.flush()
  }

  /** The next piece, of the room as it is now. */
  next(): Piece {
    this.flush()
    return this.#increment() ?? this.#whole()
  }

  /** The piece is safe. */
  kept({ base, bytes }: Piece): void {
    this.#base = base + 1
    if (base > 0) this.#logBytes += bytes.length
    else {
      this.#wholeBytes = bytes.length
      this.#logBytes = 0
    }
  }

  /** What became of the piece is not known: the next one is the room as a whole. */
  lost(): void {
    this.#base = 0
  }

  #increment(): Piece | undefined {
    if (this.#base === 0 || this.#base > mostIncrements) return undefined
    const viewer = this.#viewer
    if (viewer === undefined || viewer.version === 0) return undefined
    const from = viewer.version
    const update = viewer.take()
    if (update?.kind === 'snapshot') return undefined
    const beside = this.#beside()
    const changed = this.#remember(beside)
    const bytes = encodeIncrement(from, update?.bytes, {
      ...(changed.metadata && { metadata: [beside.metadata] }),
      ...(changed.seats && { seats: [beside.seats] }),
    })
    return this.#logBytes + bytes.length > Math.max(smallLog, this.#wholeBytes)
      ? undefined
      : { base: this.#base, bytes }
  }

  #whole(): Piece {
    const { tree } = this.#source
    if (this.#incremental) {
      this.#viewer ??= tree.viewer({ everything: true })
      this.#viewer.reset()
      // The very bytes that are asked for below: they are made once per version.
      this.#viewer.take()
    }
    const beside = this.#beside()
    this.#remember(beside)
    return { base: 0, bytes: encodeWhole(this.#layout, tree.snapshot(), beside) }
  }

  #beside(): Beside {
    return { metadata: this.#source.metadata(), seats: this.#source.seats() }
  }

  /** Which of it is other than before. */
  #remember({ metadata, seats }: Beside): { readonly metadata: boolean; readonly seats: boolean } {
    const before = { metadata: this.#metadata, seats: this.#seats }
    this.#metadata = latest(before.metadata, metadata === undefined ? nothing : pack(metadata))
    this.#seats = latest(before.seats, seats.length === 0 ? nothing : pack(seats))
    return { metadata: this.#metadata !== before.metadata, seats: this.#seats !== before.seats }
  }
}

const nothing: Uint8Array = new Uint8Array()

/** The same as before where nothing is different; otherwise a copy, since packed bytes hold on to more memory than theirs. */
function latest(before: Uint8Array, now: Uint8Array): Uint8Array {
  if (Buffer.compare(before, now) === 0) return before
  return now.length === 0 ? nothing : now.slice()
}
