import type { ColyseusServer } from '../colyseus.ts'
import type { Player } from './work.ts'

// What is used of Colyseus besides.

/** peers/colyseus/server.js */
export type ColyseusLobbyServer = ColyseusServer & ColyseusSchema

/** peers/colyseus/client.js */
export interface ColyseusClient extends ColyseusSchema {
  readonly Client: new (url: string) => {
    readonly auth: { token: string }
    joinOrCreate<T>(room: string, options: object, state: new () => T): Promise<JoinedRoom<T>>
  }
}

export interface ColyseusSchema {
  readonly schema: <T extends object>(
    fields: Readonly<Record<string, Field>>,
    name: string,
  ) => new () => T & { assign(values: Partial<T>): T }
  /** Types of fields. */
  readonly t: { string(): Field; number(): Field; map(type: unknown): Field }
}

type Field = object

export interface JoinedRoom<T> {
  readonly state: T
  /** Calls back once, when the state has come or changed. */
  readonly onStateChange: { once(callback: (state: T) => void): void }
  leave(): Promise<unknown>
}

export interface LobbyState {
  readonly players: {
    readonly size: number
    get(key: string): Player | undefined
    set(key: string, player: Player): unknown
  }
}

/** The classes of the state, which server and client share. */
export function defineState({ schema, t }: ColyseusSchema) {
  const PlayerSchema = schema<Player>({ name: t.string(), x: t.number(), y: t.number() }, 'Player')
  const LobbySchema = schema<LobbyState>({ players: t.map(PlayerSchema) }, 'Lobby')
  return { PlayerSchema, LobbySchema }
}
