import { JuntoError } from '@junto/protocol'
import { SchemaError } from '@junto/schema/internal'
import { restored } from '../store/migrations.ts'
import { RoomRecorder, type RoomSource } from '../store/room-recorder.ts'
import { RoomSaver } from '../store/room-saver.ts'
import { readPieces } from '../store/saved-room.ts'
import { StoreError, type StoreFault } from '../store/store-error.ts'
import { thrownAs } from '../thrown.ts'
import type { CreationStep } from './creation-step.ts'
import type { RoomDefinition } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'

/** A saved room as the contract says it now. */
export interface RestoredRoom {
  readonly state: unknown
  readonly metadata: unknown
  /** Who had a seat when it was saved, as the source of the saver has said it. */
  readonly seats: readonly unknown[]
  /** Whether steps have made it what it is: then it is to be saved as such. */
  readonly migrated: boolean
}

/** One room's place in the store. */
export class RoomArchive {
  readonly #definition: RoomDefinition
  readonly #environment: RoomEnvironment
  readonly #key: string
  readonly #name: string
  #hasFailed = false

  private constructor(definition: RoomDefinition, environment: RoomEnvironment, key: string, name: string) {
    this.#definition = definition
    this.#environment = environment
    this.#key = key
    this.#name = name
  }

  /** None for a room that is not persisted, or has no key: nobody could ask for it again. `name` is for the log. */
  static of(
    definition: RoomDefinition,
    environment: RoomEnvironment,
    key: string | undefined,
    name: string,
  ): RoomArchive | undefined {
    return definition.saving !== undefined && key !== undefined
      ? new RoomArchive(definition, environment, key, name)
      : undefined
  }

  /**
   * What was saved last, as the contract says it now.
   *
   * @param enter Told of each thing that is waited for from now on.
   * @throws JuntoError `store_failed`, also when the contract has changed too much; the reason is in the log.
   */
  async load(enter: (step: CreationStep) => void): Promise<RestoredRoom | undefined> {
    const { store, logger, metrics } = this.#environment
    const { name: room } = this.#definition
    try {
      const pieces = await store.load(room, this.#key, (what) => {
        metrics.count('rooms_damaged', { room })
        logger.warn(`The saved room ${this.#name} is damaged: ${what}`, { room: this.#name })
      })
      // Types forbid null, but it is what most databases' clients say for nothing.
      return pieces ? await this.#restored(pieces, enter) : undefined
    } catch (error) {
      this.#failed(thrownAs(error, StoreError)?.fault ?? 'other')
      logger.error(`The saved room ${this.#name} could not be loaded`, { room: this.#name, error })
      throw new JuntoError(
        'store_failed',
        `the saved room ${this.#name} could not be loaded; the server's log says why`,
        {
          cause: error,
        },
      )
    }
  }

  /** Nobody waits for {@link load} any more. */
  gaveUpLoading(): void {
    this.#failed('timeout')
  }

  /** Saves from now on. `source` is asked for the room as it is, when it is about to be saved. */
  saver(source: RoomSource): RoomSaver {
    const { compiled, name, saving } = this.#definition
    const { store, limits } = this.#environment
    const incremental = store.incremental && (saving?.incremental ?? true)
    const { saveRetryMax, saveDeadline } = limits
    return new RoomSaver({
      ...this.#environment,
      limits: {
        saveRetryMax,
        saveDeadline,
        saveDelay: saving?.delay ?? limits.saveDelay,
        saveInterval: saving?.interval ?? limits.saveInterval,
      },
      room: name,
      key: this.#key,
      name: this.#name,
      recorder: new RoomRecorder(compiled, source, incremental),
    })
  }

  /** However a room that could not be opened ends: it counts once. */
  #failed(reason: StoreFault | 'timeout' | 'other'): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#environment.metrics.count('room_loads_failed', { room: this.#definition.name, reason })
  }

  async #restored(pieces: readonly Uint8Array[], enter: (step: CreationStep) => void): Promise<RestoredRoom> {
    const definition = this.#definition
    const { state, metadata, seats, migrated } = await restored(
      definition,
      this.#key,
      readPieces(definition.compiled, pieces),
      (version) => enter({ migratingTo: version }),
    )
    return { state, seats, migrated, metadata: metadata === undefined ? undefined : this.#readMetadata(metadata) }
  }

  #readMetadata(metadata: unknown): unknown {
    try {
      return this.#definition.readNamed('metadata', metadata)
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      throw new Error(
        `The metadata that was saved does not satisfy the contract: ${error.message}. Nothing was changed. A step of ` +
          '`migrations` may assign other metadata: (saved, room) => { room.metadata = … }',
        { cause: error },
      )
    }
  }
}

/** What a room says that is asked to save itself, and is not saved. */
export function notSaved(definition: RoomDefinition, name: string): JuntoError {
  const remedy =
    definition.saving === undefined
      ? `define(${definition.name}, …, { persist: true }) has its rooms saved`
      : 'only rooms with a key are, since nobody could ask for another one again: client.open(…, { key })'
  return new JuntoError('misuse', `save() of the room ${name}, which is not saved: ${remedy}`)
}
