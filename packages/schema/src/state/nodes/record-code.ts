import type { Mode } from '../../patch/body.ts'
import type { Writer } from '../../patch/writer.ts'
import { composedRecord } from './composed-record.ts'
import type { FieldSet, TrackedField } from './field-set.ts'
import { generatedRecord } from './generated-record.ts'
import type { RecordHandle } from './record-handle.ts'
import type { RecordNode } from './record-node.ts'

/** How the records of a type hold their values, and how these are written. */
export interface RecordCode {
  /** The handle of a node, with a kept value per field. */
  make(node: RecordNode, values: readonly unknown[]): RecordHandle
  /** What stands in a field. */
  read(record: RecordHandle, index: number): unknown
  /**
   * Puts a kept value into a field. Of a number that travels as a count it tells whether that is another one; of others, true.
   *
   * @param again The field was changed since the last version already: the count last sent is not the present one.
   */
  put(record: RecordHandle, index: number, kept: unknown, again: boolean): boolean
  /**
   * Writes the fields of a set of each of the nodes. Before each, its id, as what lies between it and the one before: the ids
   * ascend. With `ends`, no ids are written, and what is added to it says where each node ended.
   */
  pack(writer: Writer, nodes: readonly RecordNode[], mode: Mode, set: FieldSet, ends?: number[]): void
}

/** The code of a record type: generated where that is allowed, and otherwise composed of closures, which write the same bytes. */
export function recordCode(fields: readonly TrackedField[]): RecordCode {
  return generatedRecord(fields) ?? composedRecord(fields)
}
