import { Mode } from '../../patch/body.ts'
import type { Writer } from '../../patch/writer.ts'
import type { FieldSet, TrackedField } from './field-set.ts'
import type { RecordCode } from './record-code.ts'
import { RecordHandle } from './record-handle.ts'
import type { RecordNode } from './record-node.ts'

/** The code of a record type without generating any. */
export function composedRecord(fields: readonly TrackedField[]): RecordCode {
  // After the values stand, for each counted field, its present count and the one last sent, if it is another.
  const places: (number | undefined)[] = []
  let size = fields.length
  for (const { index, steps } of fields) {
    if (steps === undefined) continue
    places[index] = size
    size += 2
  }
  const Handle = handleClass(fields)
  return {
    make(node, given) {
      const values: unknown[] = [...given]
      for (const { index, steps } of fields) {
        if (steps === undefined) continue
        const count = countOf(steps.count, given[index])
        values.push(count, count)
      }
      return new Handle(node, values)
    },
    read: (record, index) => ComposedHandle.values(record)[index],
    put(record, index, kept, again) {
      const values = ComposedHandle.values(record)
      values[index] = kept
      const steps = fields[index]?.steps
      const place = places[index]
      if (steps === undefined || place === undefined) return true
      const count = countOf(steps.count, kept)
      if (count === values[place]) return false
      if (!again) values[place + 1] = values[place]
      values[place] = count
      return true
    },
    pack(writer, nodes, mode, set, ends) {
      let next = 0
      for (const { id, handle } of nodes) {
        if (ends === undefined) writer.varint(id - next)
        next = id + 1
        writer.from(id)
        packOne(writer, ComposedHandle.values(handle), mode, set)
        ends?.push(writer.length)
      }
    },
  }

  function packOne(writer: Writer, values: readonly unknown[], mode: Mode, set: FieldSet): void {
    for (const { index, slot, steps } of set.fields) {
      const place = places[index]
      if (mode !== Mode.change || steps === undefined || place === undefined) slot.pack(writer, values[index])
      else writer.signed(steps.difference(numberAt(values, place), numberAt(values, place + 1)))
    }
  }
}

function countOf(count: (value: number) => number, kept: unknown): number {
  return typeof kept === 'number' ? count(kept) : 0
}

function numberAt(values: readonly unknown[], index: number): number {
  const value = values[index]
  return typeof value === 'number' ? value : 0
}

class ComposedHandle extends RecordHandle {
  readonly #record: RecordNode
  readonly #values: unknown[]

  constructor(node: RecordNode, values: unknown[]) {
    super(node)
    this.#record = node
    this.#values = values
  }

  static record(record: ComposedHandle): RecordNode {
    return record.#record
  }

  static values(record: RecordHandle): unknown[] {
    if (#values in record) return record.#values
    throw new TypeError('A record of another type')
  }
}

function handleClass(fields: readonly TrackedField[]): typeof ComposedHandle {
  class TrackedRecord extends ComposedHandle {}
  for (const { name, index } of fields) {
    Object.defineProperty(TrackedRecord.prototype, name, {
      enumerable: true,
      configurable: true,
      get(this: ComposedHandle) {
        return ComposedHandle.values(this)[index]
      },
      set(this: ComposedHandle, value: unknown) {
        ComposedHandle.record(this).write(index, value)
      },
    })
  }
  return TrackedRecord
}
