import { JuntoError } from '@junto/protocol'
import { RoomSaver } from '../store/room-saver.ts'
import { decodeSavedRoom, encodeSavedRoom, type RoomRecord, type SavedRoom } from '../store/saved-room.ts'
import type { RoomDefinition } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'

/** One room's place in the store. */
export class RoomArchive {
  readonly #definition: RoomDefinition
  readonly #environment: RoomEnvironment
  readonly #key: string
  readonly #name: string

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
    return definition.persist && key !== undefined ? new RoomArchive(definition, environment, key, name) : undefined
  }

  /**
   * What was saved last.
   *
   * @throws JuntoError `store_failed`, also when the contract has changed too much; the reason is in the log.
   */
  async load(): Promise<SavedRoom | undefined> {
    const { store, logger } = this.#environment
    try {
      const bytes = await store.load(this.#definition.name, this.#key)
      const { compiled, required } = this.#definition
      return bytes && decodeSavedRoom(compiled, required, this.#key, bytes)
    } catch (error) {
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

  /** Saves from now on. `record` is asked for the room as it is, when it is about to be saved. */
  saver(record: () => RoomRecord): RoomSaver {
    const { compiled, name } = this.#definition
    return new RoomSaver({
      ...this.#environment,
      room: name,
      key: this.#key,
      name: this.#name,
      record: () => encodeSavedRoom(compiled, record()),
    })
  }
}
