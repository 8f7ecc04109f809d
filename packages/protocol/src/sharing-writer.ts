import { MessageWriter, type Waiting } from './message-writer.ts'

/** The last message that held all that waited for a peer, and what it holds. */
let last: { readonly waiting: readonly Waiting[]; readonly message: Uint8Array } = {
  waiting: [],
  message: new Uint8Array(0),
}

/**
 * A writer for one of many peers: what they get in one turn is usually the same for all, and is then put together once. Its messages may be
 * shared with other peers.
 */
export class SharingWriter extends MessageWriter {
  protected override takeAll(waiting: readonly Waiting[], make: () => Uint8Array): Uint8Array {
    if (isSame(last.waiting, waiting)) this.clear()
    else last = { waiting, message: make() }
    return last.message
  }
}

function isSame(a: readonly Waiting[], b: readonly Waiting[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    const one = a[i]
    const other = b[i]
    if (one?.frame !== other?.frame || one?.room !== other?.room) return false
  }
  return true
}
