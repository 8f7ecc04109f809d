import { encodeNamed, type StateTree } from '@junto/schema/internal'
import type { AnyInputMutator } from '../motion/input-lane.ts'
import type { Motion } from '../motion/motion.ts'
import { PresenceLane } from '../presence/presence-lane.ts'
import type { RoomSource } from '../store/room-recorder.ts'
import type { RoomSaver } from '../store/room-saver.ts'
import type { Atomic } from '../sync/atomic.ts'
import { RoomSync } from '../sync/room-sync.ts'
import { untickedStamps } from '../sync/stamp.ts'
import type { RoomDefinition, RunningRoom } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'
import type { Faults } from './faults.ts'
import type { SeatHost } from './seat-host.ts'
import type { RoomArchive } from './room-archive.ts'
import type { Router } from './router.ts'
import type { Seats } from './seats.ts'

/** What a room works with once its first state stands. */
export interface Works {
  readonly sync: RoomSync
  readonly presence: PresenceLane | undefined
  /** `undefined`: it is not saved. */
  readonly saver: RoomSaver | undefined
  readonly seatHost: SeatHost
  /** Brings messages to the room's handlers. */
  readonly router: Router
}

/** The room whose works these are. */
export interface WorksOptions {
  readonly definition: RoomDefinition
  readonly environment: RoomEnvironment
  /** For logs. */
  readonly name: string
  readonly room: RunningRoom
  /** Applies the inputs of its members. */
  readonly input: AnyInputMutator | undefined
  /** Where its state is changed as one. */
  readonly atomic: Atomic
  readonly faults: Faults
  readonly seats: Seats
  readonly archive: RoomArchive | undefined
  /** What moves it; `undefined`: it does not tick. */
  readonly motion: Motion | undefined
  /** What a save holds beside the state; asked at each. */
  readonly metadata: () => unknown
  /** A member has said something; `undefined`: that does not matter. */
  readonly heard: (() => void) | undefined
  /** The state could not be sent: the room cannot go on. */
  readonly onBroken: () => void
}

/** Makes what brings a state to members and store, and messages to the room. */
export function makeWorks(options: WorksOptions, tree: StateTree, router: Router): Works {
  const { definition, environment, name, faults, atomic, seats, archive, heard } = options
  const { clock, turnEnd, limits, logger, metrics } = environment
  const saver = archive?.saver(sourceOf(options, tree, () => sync.flushNow()))
  const sync = new RoomSync({
    tree,
    clock,
    turnEnd,
    atomic,
    stamps: options.motion ?? (router.mutations.any ? untickedStamps(clock) : undefined),
    logger,
    metrics,
    room: definition.name,
    name,
    interval: definition.patchInterval,
    tick: definition.tickInterval,
    checkInterval: limits.checkInterval,
    shared: definition.shared,
    onChange: saver && (() => saver.changed()),
    onBroken: (error) => {
      faults.report(error, 'state')
      options.onBroken()
    },
  })
  router.mutations.begin(tree)
  options.motion?.begin({
    tree,
    compiled: definition.compiled,
    mutations: router.mutations,
    mutator: options.input,
    room: options.room,
    sync,
  })
  const presence = presenceLane(options)
  const seatHost: SeatHost = {
    clock,
    atomic,
    sync,
    presence,
    motion: options.motion,
    router,
    heard,
    down: definition.compiled.down,
    answerChecks: definition.validators.down,
    callTimeout: limits.callTimeout,
    maxCallsInFlight: limits.maxCallsInFlight,
    streamCredit: limits.streamCredit,
    maxHeld: limits.hardOutbox,
    maxResyncs: limits.maxResyncs,
    dropped: (seat) => seats.dropped(seat),
    resumed: (seat, resumption) => seats.resumed(seat, resumption),
    left: (seat) => seats.left(seat),
    report: (error, where, by) => faults.report(error, where, by),
  }
  return { sync, presence, saver, seatHost, router }
}

function presenceLane({ definition, environment, faults, room }: WorksOptions): PresenceLane | undefined {
  const { presence, name } = definition
  const { clock, turnEnd, limits, metrics } = environment
  return (
    presence &&
    new PresenceLane({
      ...presence,
      clock,
      turnEnd,
      most: limits.maxPresence,
      replaced: metrics.counter('presences_replaced', { room: name }),
      onChange: (seat) => faults.run('onPresence', () => room.onPresence?.(seat.member), seat),
    })
  )
}

/** The room, for those who save it. */
function sourceOf({ metadata, seats }: WorksOptions, tree: StateTree, flush: () => void): RoomSource {
  return {
    tree,
    // A save is of a version: nothing may be pending.
    flush,
    metadata: () => {
      const present = metadata()
      return present === undefined ? undefined : encodeNamed(present, 'metadata')
    },
    seats: () => seats.record(),
  }
}
