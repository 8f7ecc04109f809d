import type { Connection } from '../transport/transport.ts'

/** A connection that remembers what it was told. */
export class FakeConnection implements Connection {
  readonly remoteAddress: string
  readonly origin: string | undefined
  readonly sent: Uint8Array[] = []
  /** Each write: `send 12`, `ping`, `ping+12`, `close 4001 hello_timeout`, `terminate`. */
  readonly log: string[] = []
  /** What the peer's side takes at once; the rest is buffered. */
  takes = Infinity
  bufferedAmount = 0
  /** Bytes that it puts around each message that it does not take at once. */
  overhead = 0

  constructor(origin?: string, remoteAddress = '10.0.0.1') {
    this.remoteAddress = remoteAddress
    this.origin = origin
  }

  send(message: Uint8Array): void {
    this.log.push(`send ${message.length}`)
    this.#put(message)
  }

  ping(message?: Uint8Array): void {
    this.log.push(message ? `ping+${message.length}` : 'ping')
    if (message) this.#put(message)
  }

  close(code: number, reason: string): void {
    this.log.push(`close ${code} ${reason}`)
  }

  terminate(): void {
    this.log.push('terminate')
  }

  pause(): void {
    this.log.push('pause')
  }

  resume(): void {
    this.log.push('resume')
  }

  /** The peer takes everything that was buffered. */
  take(): void {
    this.bufferedAmount = 0
  }

  #put(message: Uint8Array): void {
    this.sent.push(message)
    const taken = Math.min(message.length, this.takes)
    this.takes -= taken
    if (taken < message.length) this.bufferedAmount += message.length - taken + this.overhead
  }
}
