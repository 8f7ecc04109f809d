import { MessageWriter, type Waiting } from './message-writer.ts'

// The last message that held all that waited for a peer, and what it holds.
let message: Uint8Array | undefined
const rooms: number[] = []
const frames: Uint8Array[] = []

/**
 * A writer for one of many peers: what they get in one turn is usually the same for all, and is then put together once. Its messages may be
 * shared with other peers.
 */
export class SharingWriter extends MessageWriter {
  protected override recall(waiting: readonly Waiting[], count: number): Uint8Array | undefined {
    if (count !== frames.length) return undefined
    for (let i = 0; i < count; i++) {
      const one = waiting[i]
      if (one?.frame !== frames[i] || one?.room !== rooms[i]) return undefined
    }
    return message
  }

  protected override remember(waiting: readonly Waiting[], count: number, made: Uint8Array): void {
    message = made
    // To set it takes longer than to fill them, and it seldom changes.
    if (frames.length !== count) rooms.length = frames.length = count
    for (let i = 0; i < count; i++) {
      const one = waiting[i]
      if (one === undefined) continue
      rooms[i] = one.room
      frames[i] = one.frame
    }
  }
}
