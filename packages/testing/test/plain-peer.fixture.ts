import { Packr } from 'msgpackr'
import type { MemoryNetwork, MemorySocket, VirtualClock } from '../src/index.ts'

// A peer that knows nothing but docs/protocol.md and plain msgpack: none of our code reads or writes for it.

const msgpack = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'auto' } as object)

/** The session of the page's examples. */
export const session = '00112233445566778899aabbccddeeff'

/** A message of refs and frames. */
export function message(...values: readonly unknown[]): Uint8Array {
  return Buffer.concat(values.map((value) => msgpack.pack(value)))
}

/** A frame as it came, with its ref. */
export interface Received {
  readonly ref: number
  readonly frame: readonly unknown[]
}

/** Speaks frames, as arrays, over a socket of the memory network. */
export class PlainPeer {
  readonly clock: VirtualClock
  readonly socket: MemorySocket
  /** The messages that came, each as its frames. */
  readonly messages: Received[][] = []
  /** Bytes of the messages that came. */
  readonly sizes: number[] = []
  closed: { readonly code: number; readonly reason: string } | undefined
  #parts: Uint8Array[] = []

  constructor(network: MemoryNetwork, clock: VirtualClock, origin?: string) {
    this.clock = clock
    const peer = origin === undefined ? {} : { origin }
    const events = {
      open: () => {},
      message: (data: Uint8Array | string) => void this.messages.push(this.#read(data)),
      close: (code: number, reason: string) => void (this.closed = { code, reason }),
    }
    this.socket = network.connect(network.url, events, peer)
  }

  /** Sends one message of refs and frames, and gives what came since the last time. */
  async say(...values: readonly unknown[]): Promise<readonly Received[]> {
    await this.clock.settle()
    this.socket.send(message(...values))
    return this.hear()
  }

  /** What came since the last time. */
  async hear(): Promise<readonly Received[]> {
    await this.clock.settle()
    return this.messages.splice(0).flat()
  }

  #read(data: Uint8Array | string): Received[] {
    if (typeof data === 'string') throw new Error('[F1] a text message came')
    this.sizes.push(data.length)
    return this.#frames(data)
  }

  #frames(data: Uint8Array): Received[] {
    const received: Received[] = []
    let ref = 0
    for (const value of msgpack.unpackMultiple(data) as unknown[]) {
      if (typeof value === 'number') ref = value
      else if (Array.isArray(value) && value[0] === 9) received.push(...this.#part(value))
      else if (Array.isArray(value)) received.push({ ref, frame: value })
      else throw new Error('[F1] something came that is neither a ref nor a frame')
    }
    return received
  }

  #part([, more, bytes]: readonly unknown[]): Received[] {
    this.#parts.push(bytes as Uint8Array)
    if (more === true) return []
    const whole = Buffer.concat(this.#parts.splice(0))
    return this.#frames(whole)
  }
}
