import { JuntoError } from '@junto/protocol'
import type { AnyContract, AnyMessage, AnyMutation, RateLimit } from '@junto/schema'
import {
  compileLayout,
  encodeLayout,
  encodeNamed,
  layoutOf,
  namedCodecs,
  visibilityOf,
  type CompiledLayout,
  type NamedCodecs,
  type TypeIndex,
} from '@junto/schema/internal'
import { validatorsOf, type Validators } from '@junto/schema/validate'
import { injectedTokens, type Constructable } from '../container.ts'
import type { BucketSize } from '../limits/token-bucket.ts'
import { freezeDeep } from '../matchmaking/frozen.ts'
import { motionSettings, type MotionOptions, type MotionSettings } from '../motion/motion-settings.ts'
import type { PresenceSettings } from '../presence/presence-lane.ts'
import type { Credentials, DefineOptions, PersistOptions, RoomSettings } from './define-options.ts'
import { RoomBase, type RoomClass } from './room.ts'
import { checkOptionNames } from '../option-names.ts'
import { readMigrations, type Migrations } from '../store/migrations.ts'
import type { UndoReport } from './mutators.ts'
import { longestWait } from './room-timers.ts'
import type { LeaveReason, Resumption } from './seat.ts'

/** A room object as its host sees it: `define` has checked the types, which are erased here. */
export interface RunningRoom {
  readonly handlers?: unknown
  readonly mutators?: unknown
  onCreate(creation: { readonly key: string | undefined; readonly options: unknown }): unknown
  onRestore?(restoration: { readonly key: string }): unknown
  onJoin?(member: object, join: unknown): unknown
  onDrop?(member: object): unknown
  onResume?(member: object, resumption: Resumption): unknown
  onPresence?(member: object): unknown
  onUndo?(member: object, report: UndoReport): unknown
  onLeave?(member: object, reason: LeaveReason): unknown
  onTick?(dt: number): unknown
  onDispose?(): unknown
  onError?(error: unknown, where: string): unknown
}

/** The parts of a contract that travel as maps by name. */
type NamedPart = 'join' | 'options' | 'metadata' | 'user'

/** A room type that a server runs: contract, class and options, with everything that is made from them once. */
export class RoomDefinition {
  readonly contract: AnyContract
  readonly name: string
  readonly roomClass: Constructable<RunningRoom>
  /** What messages call the class, which may have no name. */
  readonly className: string
  readonly compiled: CompiledLayout
  /** The layout as it travels. */
  readonly wireLayout: unknown
  /** Whether all members see all of the state. */
  readonly shared: boolean
  /** Fields of the state that may be hidden from clients, and that the server always has, by type. */
  readonly required: ReadonlyMap<TypeIndex, ReadonlySet<string>>
  readonly validators: Validators
  readonly maxMembers: number
  /** How rooms with a key are saved; `undefined`: they are not. */
  readonly saving: PersistOptions | undefined
  readonly migrations: Migrations
  /** Milliseconds between ticks; 0 for none. */
  readonly tickInterval: number
  /** How its rooms tick; `undefined`: not at all. */
  readonly motion: MotionSettings | undefined
  /** Milliseconds between patches; 0 for one each turn. */
  readonly patchInterval: number
  /** What members can show of themselves, and how; `undefined`: nothing. */
  readonly presence: PresenceSettings | undefined
  /** Milliseconds; `undefined`: the server's limit. */
  readonly disposeAfter: number | undefined
  /** Milliseconds; `Infinity`: never. */
  readonly idleAfter: number
  readonly maxAge: number
  readonly authenticate: ((credentials: Credentials) => unknown) | undefined
  /** How often a user may send each message, by id; undefined: as often as all together. */
  readonly messageLimits: readonly (BucketSize | undefined)[]
  readonly #userKey: ((user: unknown) => unknown) | undefined
  readonly #named: NamedCodecs

  private constructor(contract: AnyContract, roomClass: Constructable<RunningRoom>, options: AnyOptions) {
    this.contract = contract
    this.name = contract.name
    this.roomClass = roomClass
    this.className = classNameOf(roomClass, contract)
    this.compiled = compileLayout(layoutOf(contract))
    this.wireLayout = encodeLayout(this.compiled.layout)
    this.shared = visibilityOf(contract) === undefined
    this.required = visibilityOf(contract)?.required ?? new Map()
    this.#named = namedCodecs(contract)
    this.validators = validatorsOf(contract)
    this.maxMembers = count(options.maxMembers ?? 100, 'maxMembers')
    this.saving = savingOf(contract.name, options.persist)
    this.migrations = readMigrations(contract, options.migrations, this.saving !== undefined)
    this.tickInterval = interval(options.tickRate, 'tickRate')
    this.motion = motionSettings(this, this.tickInterval, options)
    this.patchInterval = interval(options.patchRate ?? (this.tickInterval > 0 ? 20 : undefined), 'patchRate')
    this.presence = presenceSettings(contract, this.compiled, this.validators, options)
    this.disposeAfter = options.disposeAfter === undefined ? undefined : wait(options.disposeAfter, 'disposeAfter', 0)
    this.idleAfter = wait(options.idleAfter ?? Infinity, 'idleAfter', 1)
    this.maxAge = wait(options.maxAge ?? Infinity, 'maxAge', 1)
    this.authenticate = options.authenticate
    this.#userKey = options.userKey
    this.messageLimits = messageLimits(this.compiled, contract, options.messageLimits ?? {})
    if (contract.shape.user && !this.authenticate) {
      throw new JuntoError(
        'misuse',
        `the contract ${contract.name} declares a user, but nothing says who comes: give define an authenticate`,
      )
    }
  }

  /**
   * Reads and checks a definition.
   *
   * @throws JuntoError `misuse` for a class or option that cannot work; SchemaError naming what in the contract cannot.
   */
  static of<T extends AnyContract>(contract: T, room: RoomClass<T>, options?: DefineOptions<T>): RoomDefinition {
    if (!(typeof room === 'function' && room.prototype instanceof RoomBase)) {
      throw new JuntoError('misuse', `define(${contract.name}, …): give it a class that extends Room(${contract.name})`)
    }
    const madeFrom: unknown = 'contract' in room ? room.contract : undefined
    if (madeFrom !== contract) {
      throw new JuntoError(
        'misuse',
        `define(${contract.name}, …): ${classNameOf(room, contract)} extends Room() of another contract`,
      )
    }
    injectedTokens(room)
    if (options !== undefined) checkOptionNames(options, optionNames, `define(${contract.name}, …)`)
    // The one place where a room's types are erased: they were checked against the contract by the signature above.
    return new RoomDefinition(contract, room as Constructable<unknown> as Constructable<RunningRoom>, options ?? {})
  }

  /**
   * Decodes and checks what travelled as a map by name.
   *
   * @throws SchemaError naming the path.
   */
  readNamed(part: NamedPart, wire: unknown): unknown {
    const value = this.#named[part]?.decodeNamed(wire, part)
    this.validators[part]?.(value, part)
    return value
  }

  /**
   * What tells this user from others; undefined where nothing does.
   *
   * @throws JuntoError `misuse` when `userKey` yields no text, and whatever else it throws.
   */
  userKeyOf(user: unknown): string | undefined {
    if (user === undefined) return undefined
    if (this.#userKey === undefined) return idOf(user)
    const key = this.#userKey(user)
    if (key === undefined || (typeof key === 'string' && key !== '')) return key
    throw new JuntoError(
      'misuse',
      `userKey of define(${this.name}, …) must yield a text or undefined, not ${typeof key}`,
    )
  }

  /** A copy of a plain value of the server's own, checked and frozen. @throws SchemaError naming the path. */
  frozenNamed(part: NamedPart, value: unknown): unknown {
    this.checkNamed(part, value)
    return value === undefined ? value : freezeDeep(this.#named[part]?.decodeNamed(encodeNamed(value, part), part))
  }

  /** Checks a plain value of the server's own. @throws SchemaError naming the path. */
  checkNamed(part: NamedPart, value: unknown): void {
    const codec = this.#named[part]
    if (!codec) {
      if (value === undefined) return
      throw new JuntoError('misuse', `the contract ${this.name} declares no ${part}`)
    }
    codec.encode(value, part)
    this.validators[part]?.(value, part)
  }
}

/** Options without the contract's types. */
interface AnyOptions extends MotionOptions {
  readonly maxMembers?: number
  readonly persist?: boolean | PersistOptions
  readonly migrations?: Migrations
  readonly patchRate?: number
  readonly presenceRate?: number
  readonly presenceGrace?: number
  readonly presenceViews?: boolean
  readonly disposeAfter?: number
  readonly idleAfter?: number
  readonly maxAge?: number
  readonly authenticate?: (credentials: Credentials) => unknown
  // Methods are compared loosely: `define` has checked the user's type.
  userKey?(this: void, user: unknown): unknown
  readonly messageLimits?: Readonly<Record<string, RateLimit | undefined>>
}

const optionNames: Record<keyof AnyOptions | keyof RoomSettings, true> = {
  maxMembers: true,
  persist: true,
  migrations: true,
  tickRate: true,
  tickWhenEmpty: true,
  maxCatchUp: true,
  inputs: true,
  patchRate: true,
  presenceRate: true,
  presenceGrace: true,
  presenceViews: true,
  disposeAfter: true,
  idleAfter: true,
  maxAge: true,
  authenticate: true,
  userKey: true,
  messageLimits: true,
}

const persistNames: Record<keyof PersistOptions, true> = { incremental: true, delay: true, interval: true }

function idOf(user: unknown): string | undefined {
  if (typeof user !== 'object' || user === null || !('id' in user)) return undefined
  const { id } = user
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

function messageLimits(
  { up }: CompiledLayout,
  { name: room, shape }: AnyContract,
  given: Readonly<Record<string, RateLimit | undefined>>,
): readonly (BucketSize | undefined)[] {
  const sent: Readonly<Record<string, AnyMessage | AnyMutation>> = { ...shape.mutations, ...shape.clientToServer }
  for (const name of Object.keys(given)) {
    if (up.some((message) => message.name === name)) continue
    const names = up.map((message) => message.name).join(', ')
    throw new JuntoError('misuse', `messageLimits of define(${room}, …): there is no '${name}'; clients send ${names}`)
  }
  return up.map(({ name }) => {
    const limit = given[name] ?? sent[name]?.limit
    if (limit === undefined) return undefined
    const { rate, burst = Math.max(1, rate) } = limit
    if (rate > 0 && rate < Infinity && burst >= 1 && burst < Infinity) return { rate, burst }
    throw new JuntoError(
      'misuse',
      `the limit of ${room}.${name} must have a rate above 0 a second and a burst from 1, not ${rate} and ${burst}`,
    )
  })
}

function presenceSettings(
  { name }: AnyContract,
  { presence: codec }: CompiledLayout,
  { presence: check }: Validators,
  { presenceRate, presenceGrace, presenceViews }: AnyOptions,
): PresenceSettings | undefined {
  if (codec === undefined) {
    if (presenceRate === undefined && presenceGrace === undefined && presenceViews === undefined) return undefined
    throw new JuntoError(
      'misuse',
      `define(${name}, …) says how presence is run, but the contract declares none: add presence: t.Object({ … }) to defineRoom`,
    )
  }
  const grace = presenceGrace ?? 5_000
  if (!(grace >= 0)) throw wrong('presenceGrace', 'of milliseconds from 0, or Infinity')
  return { codec, check, grace, interval: interval(presenceRate ?? 20, 'presenceRate'), views: presenceViews ?? false }
}

function savingOf(room: string, persist: boolean | PersistOptions | undefined): PersistOptions | undefined {
  if (persist === undefined || persist === false) return undefined
  if (persist === true) return {}
  checkOptionNames(persist, persistNames, `persist of define(${room}, …)`)
  for (const name of ['delay', 'interval'] as const) {
    const value = persist[name]
    if (value !== undefined && !(value >= 0 && value <= longestWait)) {
      throw wrong(`persist.${name}`, `of milliseconds from 0 to ${longestWait}`)
    }
  }
  return persist
}

function classNameOf({ name }: { readonly name: string }, contract: AnyContract): string {
  return name === '' ? `the room class of ${contract.name}` : name
}

function interval(rate: number | undefined, name: string): number {
  if (rate === undefined) return 0
  if (!(rate > 0 && rate <= 1000)) throw wrong(name, 'above 0 and up to 1000 a second')
  return 1000 / rate
}

function count(value: number, name: string): number {
  if (!isCount(value)) throw wrong(name, 'from 1, whole or Infinity')
  return value
}

/** Whether so many members can be allowed in a room. */
export function isCount(value: number): boolean {
  return value === Infinity || (Number.isInteger(value) && value >= 1)
}

function wait(ms: number, name: string, least: number): number {
  if (ms >= least && (ms <= longestWait || ms === Infinity)) return ms
  throw wrong(name, `of milliseconds from ${least} to ${longestWait}, or Infinity`)
}

function wrong(option: string, range: string): JuntoError {
  return new JuntoError('misuse', `the option ${option} of define must be a number ${range}`)
}
