import type { Server as HttpServer } from 'node:http'
import type { Player } from './work.ts'

// What is used of Colyseus. Its packages are not installed with this repository: see ../peers.ts.

/** peers/colyseus/server.js */
export interface ColyseusServer extends ColyseusSchema {
  readonly Room: new () => Room
  readonly defineRoom: (room: new () => Room) => RoomDefinition
  readonly defineServer: (options: {
    readonly rooms: Readonly<Record<string, RoomDefinition>>
    readonly transport: Transport
    readonly greet: boolean
    readonly gracefullyShutdown: boolean
  }) => { listen(port: number, host: string): Promise<void> }
  readonly WebSocketTransport: new (options: {
    readonly server: HttpServer
    /** Milliseconds between the pings that each client gets. */
    readonly pingInterval: number
  }) => Transport
}

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

interface Room {
  maxClients: number
  state: object
}

interface RoomDefinition {
  /** Clients that say the same under this name come to the same room. */
  filterBy(options: readonly string[]): RoomDefinition
}

interface Transport {
  readonly wss: { readonly clients: ReadonlySet<object> }
  shutdown(): void
}

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
