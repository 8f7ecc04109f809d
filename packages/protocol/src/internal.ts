/// <reference lib="esnext.disposable" preserve="true" />
// Preserved: the declarations name Disposable and AsyncDisposable, which a program's own `lib` may lack.

export { checkSignal, onAbort } from './exchange/abort.ts'
export type { AnswerContext, Answerer, StreamAnswerer } from './exchange/answering.ts'
export { longestName, roomAddress } from './frame-elements.ts'
export { encodeEvent, encodeFrame, encodeHello, encodeJoin, encodeLeave, encodeResync } from './frame-encoding.ts'
export { parseFrame } from './frame-parsing.ts'
export {
  asJuntoError,
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
export {
  FrameType,
  type BeatFrame,
  type CallFrame,
  type CancelFrame,
  type CheckFrame,
  type CreditFrame,
  type EndFrame,
  type EventFrame,
  type ExchangeFrame,
  type FailedFrame,
  type Frame,
  type HelloFrame,
  type ItemFrame,
  type JoinBy,
  type JoinedFrame,
  type JoinFrame,
  type LeaveFrame,
  type LeftFrame,
  type NoticeFrame,
  type PartFrame,
  type PatchFrame,
  type RefusedFrame,
  type ReplyFrame,
  type ResyncFrame,
  type RoomFrame,
  type SentFrame,
  type SessionFrame,
  type Settle,
  type SnapshotFrame,
  type StreamFrame,
  type UnfitJoinFrame,
  type UnknownFrame,
  type WelcomeFrame,
} from './frames.ts'
export { isPromiseLike } from './exchange/promise-like.ts'
export { OfferingExchange, type OfferingOptions } from './exchange/offering-exchange.ts'
export { MessageReader, type ReaderLimits } from './message-reader.ts'
export { MessageWriter, type WriterLimits } from './message-writer.ts'
export { pack, unpack, unpackSequence } from './msgpack.ts'
export { parseServerFrame } from './server-frame-parsing.ts'
