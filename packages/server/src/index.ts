// The typings of this package name Node's HTTP servers; TypeScript 7 includes no typings that nobody asked for.
/// <reference types="node" preserve="true" />
// Tokens, errors and types of the protocol that programs of the server's users name, so that they need one import only.
export { Clock, closeCodes, JuntoError, randomId, RandomSource } from '@junto/protocol'
export type { CloseCode, ErrorCode, Limits } from '@junto/protocol'
export type { DrainOptions } from './drain.ts'
export { defaultPort, JuntoServer, type SignalOptions } from './server.ts'
export type { JuntoServerOptions } from './server-options.ts'
export { SystemClock } from './system-clock.ts'
export { SystemRandom } from './system-random.ts'
export { ServerLimits } from './config.ts'
export { inject, provide, Services } from './container.ts'
export type { Constructable, DependencyContainer, Provided, Token } from './container.ts'
export { ConsoleLogger, Logger, SilentLogger } from './observe/log.ts'
export type { Fields, LogLevel } from './observe/log.ts'
export { redacted } from './observe/redaction.ts'
export { MemoryMetrics, Metrics } from './observe/metrics.ts'
export type { Counter, Exposition, Gauge, Histogram, HistogramReading, Labels } from './observe/metrics.ts'
export { LoopDelay } from './observe/loop-delay.ts'
export type { LoopDelays } from './observe/loop-delay.ts'
export type { Readiness } from './http/endpoints.ts'
export type { HttpPaths } from './http/http-paths.ts'
export { subprotocol } from './transport/transport.ts'
export type {
  Acceptor,
  Arrival,
  Connection,
  ConnectionEnding,
  ConnectionEvents,
  ConnectionFault,
  Refusal,
  Transport,
} from './transport/transport.ts'
export { WsTransport } from './transport/ws-transport.ts'
export type { TlsOptions, WsLimits, WsTransportOptions } from './transport/ws-transport.ts'
export type { TrustProxy } from './transport/proxy-trust.ts'
export { MemoryGauge } from './limits/heap-guard.ts'
export { FileStore } from './store/file-store.ts'
export type { Files, OpenFile } from './store/files.ts'
export { MemoryStore } from './store/memory-store.ts'
export { Store } from './store/store.ts'
export { StoreError, type StoreFault } from './store/store-error.ts'
export type { Migration, Migrations, MigrationStep } from './store/migrations.ts'
export { Room, RoomBase } from './room/room.ts'
export { RoomDirectory } from './room/room-directory.ts'
export type { AnyRoomClass, RoomListing, RoomOpening, RoomQuery } from './room/room-directory.ts'
export { RoomHandle } from './room/room-handle.ts'
export type {
  Creation,
  FirstState,
  Restoration,
  RoomBaseClass,
  RoomClass,
  RoomVisibility,
  RunnableRoom,
} from './room/room.ts'
export type { Context, Handler, Handlers, WithHandlers } from './room/handlers.ts'
export type {
  ServerInputContext,
  ServerMutationContext,
  ServerMutator,
  ServerMutators,
  UndoReport,
  WithMutators,
} from './room/mutators.ts'
export type { DrainedInput, RoomInputs } from './motion/drained-input.ts'
export type { InputOptions } from './motion/motion-settings.ts'
export type { Past, Rewind, RewindOptions } from './motion/rewind.ts'
export type { BroadcastOptions, Broadcasts, Member } from './room/member.ts'
export type { MemberView } from './room/member-view.ts'
export type {
  Authenticate,
  Credentials,
  DefineArguments,
  DefineOptions,
  PersistOptions,
  RoomSettings,
} from './room/define-options.ts'
export type { LeaveReason, ResumeOutcome, Resumption } from './room/seat.ts'
