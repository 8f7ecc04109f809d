import { JuntoError } from '@junto/protocol'
import { endsCalls } from '@junto/protocol/internal'
import type { CallSettings } from '@junto/schema'
import { isMessageName, SchemaError, type Codec, type MessageCodec } from '@junto/schema/internal'
import { checkObject } from '../arguments.ts'
import { DeclaredCallError, invalidError, translated, unsupportedError } from './call-errors.ts'
import type { SendOutcome } from './joined-room.ts'
import { RoomStream } from './room-stream.ts'
import type { IssuedEdit } from './optimism.ts'
import type { Room } from './room.ts'
import type { Seat } from './seat.ts'

/** An idempotent call is not repeated for ever where its outcome remains unknown. */
const mostRepeats = 8

/** The room's place at the server. @throws JuntoError `cancelled` when it is left. */
export type FindSeat = () => Seat

/** A caller without its types. */
interface UntypedCaller {
  (params?: unknown, settings?: CallSettings): Promise<unknown>
  try(params?: unknown, settings?: CallSettings): Promise<unknown>
  failed(error: unknown, code: string): boolean
}

/** What a member may say to its room, by name: the untyped inside of `room.call`, `room.mutate`, `room.send` and `room.stream`. */
export class Remote {
  readonly call = byName((name) => this.#caller('call', name))
  readonly mutate = byName((name) => this.#caller('mutation', name))
  readonly send = byName((name) => (payload?: unknown) => this.#send(name, payload))
  readonly stream = byName(
    (name) => (params?: unknown, settings?: { readonly signal?: AbortSignal }) => this.#stream(name, params, settings),
  )
  readonly #room: Room
  readonly #seat: FindSeat
  readonly #unsupported = new Set<string>()

  constructor(room: Room, seat: FindSeat) {
    this.#room = room
    this.#seat = seat
  }

  #caller(kind: 'call' | 'mutation', name: string): UntypedCaller {
    const source = `${this.#room.name}.${name}`
    const call = (params?: unknown, settings?: CallSettings): Promise<unknown> =>
      this.#call(kind, name, params, settings)
    const attempt = (params?: unknown, settings?: CallSettings): Promise<unknown> =>
      this.#call(kind, name, params, settings).then((value) => ({ ok: true, value }), failureOf)
    const failed = (error: unknown, code: string): boolean =>
      error instanceof DeclaredCallError && error.source === source && error.code === code
    return Object.assign(call, { try: attempt, failed })
  }

  // Async, so that nothing is thrown before there is a promise. It sends before its first `await`: in this very turn.
  async #call(kind: 'call' | 'mutation', name: string, params: unknown, settings: CallSettings = {}): Promise<unknown> {
    let edit: IssuedEdit | undefined
    const room = this.#room
    const { clock, callTimeout, random } = room.options
    const began = clock.now()
    const isMutation = kind === 'mutation'
    // The same whenever it is repeated, but for the number.
    const issue = isMutation && { at: Math.round(room.time.now()), seed: Math.floor(random.number() * 2 ** 32), params }
    let unknown: unknown
    if (isMutation) room.ahead?.check?.()
    try {
      for (let repeats = 0; ; repeats++) {
        const seat = this.#seat()
        const codec = this.#codec(seat, kind, name)
        checkObject(settings, 'settings')
        const { signal, settle, timeout = codec.timeout ?? (isMutation ? Infinity : callTimeout) } = settings
        const wire = issue
          ? encoded(codec.params, { n: ++room.issued, ...issue }, name)
          : encoded(codec.params, params, `${name}.params`)
        // One that is repeated has no more time than before.
        const left = repeats > 0 ? timeout - (clock.now() - began) : timeout
        try {
          const answer = seat.exchange.call(codec.id, wire, { signal, settle, timeout: left })
          // It has left: now it may be shown.
          if (isMutation) edit = room.edits?.issue(codec, wire, edit)
          const result = await answer
          edit?.answered()
          return codec.result?.decode(result, `${name}.result`)
        } catch (error) {
          const { code } = error instanceof JuntoError ? error : { code: '' }
          if (code === 'outcome_unknown') unknown = error
          const isOver = clock.now() - began >= timeout
          const next = this.#seatOrNone()
          // What never left goes to the room as it was joined again, by another layout; where that is left, nothing can be repeated.
          const mayRepeat = error === unknown ? codec.idempotent : code === 'disconnected' && next !== seat
          if (mayRepeat && next !== undefined && repeats < mostRepeats && !isOver) continue
          // A repetition that did not run says nothing of what it repeats.
          const isTold = unknown === undefined || !(code === 'disconnected' || code === 'rate_limited')
          const late = isOver
            ? new JuntoError('timeout', `no answer within ${timeout} ms`, { cause: unknown })
            : unknown
          throw translated(isTold ? error : late, `${room.name}.${name}`, codec)
        }
      }
    } catch (error) {
      edit?.failed(error)
      throw error
    }
  }

  #send(name: string, payload: unknown): SendOutcome {
    const seat = this.#seatOrNone()
    if (seat === undefined) return 'dropped'
    const codec = seat.layout.upByName.get(name)
    if (codec === undefined || codec.kind !== 'event') {
      this.#reportUnsupported(seat, name)
      return 'dropped'
    }
    return seat.send(codec, encoded(codec.payload, payload, name), payload)
  }

  #stream(name: string, params: unknown, settings: { readonly signal?: AbortSignal } = {}): RoomStream {
    const source = `${this.#room.name}.${name}`
    return new RoomStream(() => {
      const seat = this.#seat()
      const codec = this.#codec(seat, 'stream', name)
      checkObject(settings, 'settings')
      const items = seat.exchange.stream(codec.id, encoded(codec.params, params, `${name}.params`), settings)
      return {
        items,
        decode: (item) => codec.item?.decode(item, `${name}.item`),
        translate: (error) => translated(error, source, codec),
      }
    })
  }

  #codec(seat: Seat, kind: 'call' | 'mutation' | 'stream', name: string): MessageCodec {
    const codec = seat.layout.upByName.get(name)
    if (codec !== undefined && (codec.mutation ? 'mutation' : codec.kind) === kind) return codec
    throw unsupportedError(this.#room.name, kind, name, seat.layout.layout.version)
  }

  #seatOrNone(): Seat | undefined {
    try {
      return this.#seat()
    } catch {
      return undefined
    }
  }

  /** Once for each name: an event may be sent many times a second. */
  #reportUnsupported(seat: Seat, name: string): void {
    if (this.#unsupported.has(name)) return
    this.#unsupported.add(name)
    const { name: room, options } = this.#room
    const { message } = unsupportedError(room, 'event', name, seat.layout.layout.version)
    options.report({ code: 'unsupported', message: `${message}. It is dropped, now and later` })
  }
}

/** Encodes what the program gave. @throws JuntoError `invalid`, naming the path. */
export function encoded(codec: Codec | undefined, value: unknown, path: string): unknown {
  if (codec === undefined) return null
  try {
    return codec.encode(value, path)
  } catch (error) {
    throw error instanceof SchemaError ? invalidError(error) : error
  }
}

/** What `.try` resolves with. Anything but a declared or a framework's error is a bug, and stays a rejection. */
function failureOf(error: unknown): unknown {
  if (error instanceof DeclaredCallError) {
    return { ok: false, code: error.code, data: error.data, message: error.message }
  }
  if (error instanceof JuntoError && endsCalls(error.code)) {
    const { code, message, retryAfter } = error
    return { ok: false, code, message, ...(retryAfter !== undefined && { retryAfter }) }
  }
  throw error
}

/**
 * An object with something for every name, made at first use. For a program that holds the contract as a type only, names exist
 * at run time only in the server's layout, which may lack one: using it must say so, instead of `undefined is not a function`.
 */
function byName<T>(make: (name: string) => T): { readonly [name: string]: T } {
  const made = new Map<string, T>()
  const target: { readonly [name: string]: T } = {}
  return new Proxy(target, {
    get: (_target, name) => {
      const known = typeof name === 'string' ? made.get(name) : undefined
      if (known !== undefined) return known
      // What can be no message is no function that sends: with a `then`, `await room.call` would take it for a promise and never
      // end, and whoever logs a room would call its `toJSON`.
      if (typeof name !== 'string' || !isMessageName(name)) return Reflect.get(target, name) as unknown
      const fresh = make(name)
      made.set(name, fresh)
      return fresh
    },
  })
}
