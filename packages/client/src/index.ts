/// <reference lib="esnext.disposable" preserve="true" />
// Preserved: the declarations name Disposable and AsyncDisposable, which a program's own `lib` may lack.

export { JuntoClient } from './client.ts'
export type { JuntoClientOptions } from './client-options.ts'
export { clientLimits, JuntoError, type ClientLimits, type ErrorCode } from '@junto/protocol'
export type { ConnectionState, ConnectionStatus } from './connection/connection-state.ts'
export type { PageEvent, PageEvents } from './connection/page-events.ts'
export { sampleInputs, type InputOptions, type Inputs } from './motion/inputs.ts'
export { viewOf, type NumberField, type View, type ViewEntry, type ViewOptions } from './motion/view.ts'
export type { Observable } from './observable.ts'
export type {
  CreateOptions,
  CreationData,
  JoinByIdOptions,
  JoinData,
  JoinOrCreateOptions,
  JoinSettings,
  ListOptions,
  OpenOptions,
  RoomSettings,
  Versioned,
} from './open-options.ts'
export type { Selection, WatchedEntry, WatchedKey, WatchListeners } from '@junto/schema/internal'
export { optimistic } from './optimistic/optimistic.ts'
export {
  undoing,
  type Undoing,
  type UndoingOptions,
  type UndoOutcome,
  type UndoSettings,
} from './optimistic/undoing.ts'
export type { Correction, Optimistic } from './room/optimism.ts'
export type { Answer, AnswerContext, JoinedRoom, SendOutcome } from './room/joined-room.ts'
export type { PresenceListeners, PresenceSettings, RoomPresence } from './room/room-presence.ts'
export { select } from './room/select.ts'
export type { ListedRooms, RoomList, RoomListing } from './room/room-list.ts'
export type { LeftReason, Recovery, RoomStatus } from './room/room-status.ts'
export type { SessionStore } from './session/session-store.ts'
export type { OpenSocket, Socket, SocketEvents } from './sockets/socket.ts'
export { openSocket as openWebSocket } from './sockets/web-socket.ts'
export type { Subscription } from './subscription.ts'
export type { RoomTime } from './time/server-time.ts'
export type { Warning } from './warnings.ts'
