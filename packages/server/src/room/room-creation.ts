import { JuntoError, randomHex } from '@junto/protocol'
import { StateTree } from '@junto/schema/internal'
import type { Services } from '../container.ts'
import type { AnyInputMutator } from '../motion/input-lane.ts'
import type { Atomic } from '../sync/atomic.ts'
import type { CreationStep } from './creation-step.ts'
import type { RoomDefinition, RunningRoom } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'
import type { Faults } from './faults.ts'
import type { RestoredRoom, RoomArchive } from './room-archive.ts'
import { constructWithin, type RoomScope } from './room-scope.ts'
import { RoomMutations } from './mutations.ts'
import { ownMutator } from './own-function.ts'
import { Router } from './router.ts'
import { thrownAs } from '../thrown.ts'

/** What a room is made of. */
export interface RoomCreation {
  readonly definition: RoomDefinition
  readonly environment: RoomEnvironment
  /** The room's own scope. */
  readonly services: Services
  readonly faults: Faults
  readonly archive: RoomArchive | undefined
  /** Where its state is changed as one. */
  readonly atomic: Atomic
  /** For logs. */
  readonly name: string
  readonly key: string | undefined
  /** Validated. */
  readonly options: unknown
  /** Called before each step that may fail, or take its time. */
  readonly enter: (step: CreationStep) => void
  /** Nobody waits for it any more: it took too long. */
  readonly isGivenUp: () => boolean
}

/** How a room begins. */
export interface Beginning {
  readonly tree: StateTree
  /** What was saved of it; `undefined`: it is new. */
  readonly saved: RestoredRoom | undefined
}

/** A room object, and what is known of it before anything has happened. */
export interface ConstructedRoom {
  readonly room: RunningRoom
  /** Brings messages to its handlers. */
  readonly router: Router
  /** Applies the inputs of its members; `undefined`: there are none, or the room takes them by itself. */
  readonly input: AnyInputMutator | undefined
}

/** Constructs the room object. @throws whatever its class throws. */
export function construct(creation: RoomCreation, scope: RoomScope): ConstructedRoom {
  const { definition, environment, services, faults, atomic, name, enter } = creation
  enter('constructor')
  const room = faults.measure(() => constructWithin(scope, () => services.construct(definition.roomClass)))
  // It may be a field, which is there only now.
  if (typeof room.onCreate !== 'function') {
    throw new Error(`${definition.className} has no onCreate: write one that returns the first state of the room`)
  }
  const { className } = definition
  const { up } = definition.compiled
  const checks = definition.validators.up
  const mutations = new RoomMutations({
    ...environment,
    atomic,
    room: definition.name,
    className,
    up,
    checks,
    mutators: room.mutators,
    onUndo: (member, report) => room.onUndo?.(member, report),
  })
  const router = new Router({
    watchdog: environment.watchdog,
    watched: { type: definition.name, name },
    faults,
    className,
    up,
    limits: definition.messageLimits,
    quotas: environment.quotas,
    checks,
    handlers: room.handlers,
    mutations,
  })
  return { room, router, input: inputMutatorOf(definition, room) }
}

/** @throws Error when inputs are to be applied, and nothing says how; or when there is something that cannot be called at ticks. */
function inputMutatorOf({ motion, className }: RoomDefinition, room: RunningRoom): AnyInputMutator | undefined {
  if (motion !== undefined && room.onTick !== undefined && typeof room.onTick !== 'function') {
    throw new Error(`${className}.onTick is no function`)
  }
  if (motion?.inputs === undefined || motion.inputs.isManual) return undefined
  const mutator = ownMutator(room.mutators, 'input', className)
  if (mutator !== undefined) return mutator
  throw new Error(
    `${className}.mutators has no function input for the input of the contract: write readonly mutators = … with what clients ` +
      "are given, too, or give define inputs: { apply: 'manual' }",
  )
}

/**
 * The first state: what was saved, or else what `onCreate` returns. `undefined` when the room was given up meanwhile.
 *
 * @throws whatever these throw, and what is wrong with the state.
 */
export async function begin(creation: RoomCreation, room: RunningRoom): Promise<Beginning | undefined> {
  const { definition, environment, faults, archive, key, options, enter } = creation
  enter('loading')
  const saved = await archive?.load(enter)
  if (creation.isGivenUp()) return undefined
  const epoch = randomHex(environment.random, 8)
  if (saved !== undefined) {
    return { saved, tree: StateTree.create(definition.compiled, definition.contract, saved.state, { epoch }) }
  }
  enter('onCreate')
  const first = await faults.measure(() => room.onCreate({ key, options }))
  if (creation.isGivenUp()) return undefined
  // Types forbid it, but not in a program without types, and a bare `return` is soon forgotten.
  if (first === undefined || first === null) {
    throw new Error(`onCreate of ${definition.className} returned nothing: it must return the first state of the room`)
  }
  const tree = StateTree.create(definition.compiled, definition.contract, first, { epoch })
  // What is of the wrong type the tree has refused, in the words of any later write.
  definition.validators.state?.(first, '')
  return { saved, tree }
}

/** What the client hears when a room could not be made. */
export function refusal(error: unknown): JuntoError {
  const failed = "the room failed while it was created; the server's log says why"
  const known = thrownAs(error, JuntoError)
  switch (known?.code) {
    case 'forbidden':
    case 'timeout':
    case 'store_failed':
      return known
    default:
      return new JuntoError('room_failed', failed, { cause: error })
  }
}
