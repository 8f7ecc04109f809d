/// <reference lib="esnext.disposable" preserve="true" />
// Preserved: the declarations name Disposable and AsyncDisposable, which a program's own `lib` may lack.

export { givenLimits } from './given-limits.ts'
export { clientCloseCodes } from './closing.ts'
export { checkSignal, onAbort } from './exchange/abort.ts'
export type { AnswerContext, Answerer, StreamAnswerer } from './exchange/answering.ts'
export { longestName, roomAddress } from './frame-elements.ts'
export {
  encodeAck,
  encodeEvent,
  encodeFrame,
  encodeHello,
  encodeInputs,
  encodeJoin,
  encodeLeave,
  encodeLoose,
  encodePresence,
  encodeProbe,
  encodeResync,
  encodeStamp,
} from './frame-encoding.ts'
export { parseFrame } from './frame-parsing.ts'
export { forEachFrame } from './frame-sizes.ts'
export {
  asJuntoError,
  broken,
  causedBy,
  DeclaredError,
  describe,
  endsCalls,
  errorFromWire,
  errorToWire,
  isErrorCode,
  type WireError,
} from './errors.ts'
export {
  Exchange,
  type AbandonedHandlers,
  type ExchangeCallOptions,
  type ExchangeEnd,
  type ExchangeOptions,
  type ExchangeStreamOptions,
} from './exchange/exchange.ts'
export * as FrameType from './frame-type.ts'
export type {
  AckFrame,
  BeatFrame,
  CallFrame,
  CancelFrame,
  CheckFrame,
  CreditFrame,
  EchoFrame,
  EndFrame,
  EventFrame,
  ExchangeFrame,
  FailedFrame,
  Frame,
  HeldState,
  HelloFrame,
  InputsFrame,
  ItemFrame,
  JoinBy,
  JoinedFrame,
  JoinFrame,
  LeaveFrame,
  LeftFrame,
  LooseFrame,
  MissedFrames,
  NoticeFrame,
  PartFrame,
  PatchFrame,
  PresenceEntry,
  PresenceFrame,
  PresencesFrame,
  ProbeFrame,
  RefusedFrame,
  ReplyFrame,
  ResumeRequest,
  Resumed,
  ResyncFrame,
  RoomFrame,
  SentFrame,
  SessionFrame,
  Settle,
  SnapshotFrame,
  StampFrame,
  StreamFrame,
  UnfitJoinFrame,
  UnknownFrame,
  WelcomeFrame,
} from './frames.ts'
export { mostInputs } from './limit-defaults.ts'
export { LatestSlots } from './link/latest.ts'
export { ForfeitingLink, type ForfeitingLinkHost } from './link/forfeiting-link.ts'
export { frameOverhead, Link, type LinkFrame, type LinkHost } from './link/link.ts'
export { isNumbered } from './link/numbered.ts'
export { isAsync, isPromiseLike } from './exchange/promise-like.ts'
export { OfferingExchange, type OfferingOptions } from './exchange/offering-exchange.ts'
export { encodePresenceEntry, encodePresences } from './presence-encoding.ts'
export { MessageReader, type ReaderLimits } from './message-reader.ts'
export { MessageWriter, refuseTooLarge, type FrameLimits, type WriterLimits } from './message-writer.ts'
export { pack, unpack, unpackSequence } from './msgpack.ts'
export { MutationChance } from './mutation-chance.ts'
export { Sfc32 } from './sfc32.ts'
export { SharingWriter } from './sharing-writer.ts'
export { parseServerFrame } from './server-frame-parsing.ts'
