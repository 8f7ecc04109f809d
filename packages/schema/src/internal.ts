/// <reference lib="esnext.disposable" preserve="true" />
// Preserved: the declarations name Disposable and AsyncDisposable, which a program's own `lib` may lack.

/** What the sibling packages use of this one. Nothing here may import TypeBox at runtime: clients bundle it. */
export type { Codec } from './codec/codec.ts'
export { encodeNamed } from './codec/plain-data.ts'
export { inRange, numberRanges, type NumberRange } from './codec/numbers.ts'
export { angleFromSteps, angleToSteps, quantizer, type Quantizer } from './codec/quantized.ts'
export { differences } from './compatibility.ts'
export { compileLayout, compileNamedLayout, type CompiledLayout, type MessageCodec } from './compiled-layout.ts'
export { layoutOf, visibilityOf } from './contract-layout.ts'
export { SchemaError, type SchemaErrorCode } from './errors.ts'
export { hashLayout } from './fingerprint.ts'
export { isMessageName, isWellFormed } from './layout-bounds.ts'
export { isFrameworkCode } from './messages.ts'
export { LayoutCache } from './layout-cache.ts'
export { decodeLayout } from './layout-gate.ts'
export { nearest } from './nearest.ts'
export { encodeLayout } from './layout-wire.ts'
export { undoName, type IssuedMutation, type UndoParams, type UndoResult } from './mutation-layout.ts'
export type {
  CallDef,
  ErrorDef,
  EventDef,
  Field,
  Layout,
  LiteralValue,
  MessageDef,
  MutationDef,
  NumberKind,
  QuantizedDef,
  SimpleKind,
  StreamDef,
  TypeDef,
  TypeIndex,
  TypeKind,
} from './layout.ts'
export { listingOf, type ListingContract } from './listing.ts'
export type { OwnLayout } from './own-layout.ts'
export { localFields, namedCodecs, type NamedCodecs } from './named-codecs.ts'
export { Edit, EditsAhead } from './mirror/ahead/edits-ahead.ts'
export type { Editing } from './mirror/ahead/editing.ts'
export type { Journal } from './mirror/ahead/journal.ts'
export { recordReaders as compiledReaders } from './mirror/compiled-readers.ts'
export type { Selection, WatchedEntry, WatchedKey, WatchListeners } from './mirror/listeners.ts'
export type { MakeReaders } from './mirror/mirror-type.ts'
export { select } from './mirror/mirror-selection.ts'
export { MirrorTree, type MirrorOptions } from './mirror/mirror-tree.ts'
export { live, toPlain, type PlainOf } from './state/values/plain.ts'
export { Written } from './mirror/ahead/written.ts'
export { entriesOf } from './state/recording/entries-of.ts'
export { runMutation, type Ran } from './state/recording/run-mutation.ts'
export { StateTree, type StateOptions } from './state/state-tree.ts'
export type { Update } from './state/viewers/update.ts'
export type { Viewer, ViewerOptions } from './state/viewers/viewer.ts'
export type { Entry, Item, ListEntry, Path, PlaceEntry } from './undo/entry.ts'
export { listEntry, type ListSide } from './undo/list-entry.ts'
export { reverse, type Reversal } from './undo/reverse.ts'
export { noteSuccession } from './undo/successors.ts'
export { UndoLog, type UndoBounds } from './undo/undo-log.ts'
export { ownerWord, type Visibility } from './visibility-marks.ts'
export { WhereReader, type Condition, type Order } from './where-reader.ts'
