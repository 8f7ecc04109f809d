import { expect, it } from 'vitest'
import { Writer } from './writer.ts'

it('lets go of a large buffer when what was written has been taken: there is a writer per room, and a snapshot is rare', () => {
  const writer = new Writer()
  writer.bytes(new Uint8Array(1_000_000).fill(7))
  expect(writer.take()).toHaveLength(1_000_003)
  expect(writer.buffer.length).toBeLessThan(300_000)
  expect(writer.view.buffer).toBe(writer.buffer.buffer)
  // One that is not taken is dropped as well.
  writer.bytes(new Uint8Array(1_000_000))
  writer.clear()
  expect(writer.buffer.length).toBeLessThan(300_000)
  writer.varint(300)
  expect([...writer.take()]).toEqual([0xac, 0x02])
})

it('keeps a buffer of the size of a patch', () => {
  const writer = new Writer()
  writer.bytes(new Uint8Array(100_000))
  const { buffer } = writer
  writer.take()
  expect(writer.buffer).toBe(buffer)
})
