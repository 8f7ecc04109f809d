import { versionCode } from '../../patch/body.ts'
import { epochBytes } from '../../patch/epoch.ts'
import type { Writer } from '../../patch/writer.ts'
import type { BodyWriter } from '../encode/body-writer.ts'

/**
 * What brings a viewer from what it has to the present version. All viewers that get the same get the same object; its bytes
 * must not be written to.
 */
export interface Update {
  /** A patch follows on what the viewer has; a snapshot replaces it. */
  readonly kind: 'patch' | 'snapshot'
  readonly bytes: Uint8Array
  /** As it travels: kept here by who sends it, so that this is made once for all who get it. */
  frame?: Uint8Array
}

/** A patch from one version to another. */
export function patchOf(writer: Writer, from: number, version: number, body: BodyWriter): Update {
  writer.varint(versionCode(from, version))
  body.write(writer)
  return { kind: 'patch', bytes: writer.take() }
}

/** A snapshot of a version. */
export function snapshotOf(writer: Writer, epoch: string, version: number, body: BodyWriter): Update {
  writer.raw(epochBytes(epoch))
  writer.varint(version)
  body.write(writer)
  return { kind: 'snapshot', bytes: writer.take() }
}
