import type { Correction, JoinedRoom, JuntoClient } from '@junto/client'
import type { AnyContract } from '@junto/schema'
import type { Recorder } from './recorder.ts'

/** What becomes of the rooms and the connection of one bot. */
export interface Watched {
  /** How many rooms the bot is in, or is about to join. */
  readonly rooms: number
  /** Resolves as soon as it is in no room. */
  whenOut(): Promise<void>
}

const joins = ['open', 'joinOrCreate', 'create', 'joinById', 'joinByCode'] as const

/**
 * Has a client measure what it does: joins, calls, mutations, events, lost connections and what became of rooms. The client remains the same
 * object, and so do its rooms: `select`, `viewOf`, `sampleInputs` and the like know them by that.
 */
export function measureClient(client: JuntoClient, recorder: Recorder): Watched {
  let rooms = 0
  let tellOut = (): void => {}
  const left = (): void => {
    rooms--
    if (rooms === 0) tellOut()
  }
  for (const name of joins) {
    const join: unknown = Reflect.get(client, name)
    if (typeof join !== 'function') continue
    const measured = async (...args: unknown[]): Promise<unknown> => {
      rooms++
      const joining = recorder.time(
        'join',
        async () => (await Reflect.apply(join, client, args)) as unknown,
        `join ${nameOf(args[0])}`,
      )
      const joined = await joining.catch((error: unknown) => {
        left()
        throw error
      })
      // That is what all of them resolve with.
      measureRoom(joined as JoinedRoom<AnyContract>, recorder, left)
      return joined
    }
    Object.defineProperty(client, name, { value: measured, configurable: true })
  }
  measureConnection(client, recorder)
  return {
    get rooms() {
      return rooms
    },
    whenOut: () => new Promise((resolve) => (rooms === 0 ? resolve() : (tellOut = resolve))),
  }
}

/** A contract, or its name. */
function nameOf(contract: unknown): string {
  if (typeof contract === 'object' && contract !== null && 'name' in contract) return String(contract.name)
  return String(contract)
}

function measureConnection({ connection }: JuntoClient, recorder: Recorder): void {
  let wasOpen = false
  connection.subscribe(() => {
    const now = connection.value
    if (now.state === 'open') wasOpen = true
    // A first attempt that fails is an error of the join.
    if (now.state !== 'waiting' || !wasOpen) return
    if (now.attempt <= 1) recorder.own('drops')
    recorder.error('connection', now.error)
  })
}

/** In place: what the bot's own code, and the package's, has of the room is measured too. */
function measureRoom(room: JoinedRoom<AnyContract>, recorder: Recorder, left: () => void): void {
  replace(room, 'call', (name, caller) => measuredCaller(`call.${name}`, caller, recorder))
  replace(room, 'mutate', (name, caller) => measuredCaller(`mutate.${name}`, caller, recorder))
  replace(room, 'send', (_name, send) => (...args: unknown[]): unknown => {
    const outcome: unknown = Reflect.apply(send, undefined, args)
    recorder.own('events')
    if (outcome === 'dropped') recorder.own('eventsDropped')
    return outcome
  })
  room.onRecovery(({ outcome, downtime }) => {
    recorder.own(outcome)
    if (outcome !== 'lost') recorder.record('reconnect', downtime)
  })
  room.onCorrection(({ kind }: Correction) => {
    if (kind === 'corrected') recorder.own('corrections')
  })
  const stop = room.status.subscribe(() => {
    const status = room.status.value
    if (status.state !== 'left') return
    stop()
    left()
    if (status.reason === 'left' || status.reason === 'client_closed') return
    recorder.error(`room ${room.name}`, status.error ?? new Error(`${status.reason}: ${status.message}`))
  })
}

type Call = (...args: unknown[]) => unknown

/** Puts something before each of a room's functions of one kind, which are made as they are asked for by name. */
function replace(
  room: JoinedRoom<AnyContract>,
  kind: 'call' | 'mutate' | 'send',
  wrap: (name: string, original: Call) => Call,
): void {
  const made = new Map<string | symbol, Call>()
  const proxy = new Proxy(room[kind], {
    get: (target, name) => {
      const original: unknown = Reflect.get(target, name)
      if (!isFunction(original) || typeof name !== 'string') return original
      const known = made.get(name)
      if (known !== undefined) return known
      const fresh = wrap(name, original)
      made.set(name, fresh)
      return fresh
    },
  })
  Object.defineProperty(room, kind, { value: proxy })
}

function isFunction(value: unknown): value is Call {
  return typeof value === 'function'
}

/** Measures `call(…)` and `call.try(…)`; all else is the caller's. */
function measuredCaller(name: string, caller: Call, recorder: Recorder): Call {
  const attempt: unknown = Reflect.get(caller, 'try')
  const call = (...args: unknown[]): unknown =>
    recorder.time(name, () => Reflect.apply(caller, undefined, args) as unknown)
  const measuredAttempt = (...args: unknown[]): unknown =>
    isFunction(attempt)
      ? attemptMeasured(name, () => Reflect.apply(attempt, undefined, args) as unknown, recorder)
      : undefined
  return Object.assign(call, { try: measuredAttempt, failed: Reflect.get(caller, 'failed') as unknown })
}

/** `.try` does not throw: its outcome says what went wrong. */
async function attemptMeasured(name: string, start: () => unknown, recorder: Recorder): Promise<unknown> {
  let outcome: unknown
  try {
    await recorder.time(name, async () => {
      outcome = await start()
      const failure = failureOf(outcome)
      if (failure !== undefined) throw failure
    })
  } catch (error) {
    if (outcome === undefined) throw error
  }
  return outcome
}

function failureOf(outcome: unknown): Error | undefined {
  if (typeof outcome !== 'object' || outcome === null || !('ok' in outcome) || outcome.ok === true) return undefined
  const { code, message } = outcome as { readonly code?: unknown; readonly message?: unknown }
  const failure = Object.assign(new Error(String(message)), { code })
  // Only an error that the call declares has data.
  failure.name = 'data' in outcome ? 'CallError' : 'JuntoError'
  // What it is made for stands in the call, not here.
  failure.stack = ''
  return failure
}
