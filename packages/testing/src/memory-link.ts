import type { Socket, SocketEvents } from '@junto/client'
import type { Clock } from '@junto/protocol'
import type { Acceptor, Connection, ConnectionEvents } from '@junto/server'
import { MemoryPipe } from './memory-pipe.ts'
import type { Amount, Item, MemoryNetworkOptions } from './memory-pipe.ts'

/** An open socket of a memory network, with what only tests do to one. */
export interface MemorySocket extends Socket {
  /** The connection that it is an end of. */
  readonly link: MemoryLink
  /** Sends a text message, which the protocol has none of. */
  sendText(text: string): void
  /** Has the transport ask for a sign of life, which the other side's transport gives. Browsers never do. */
  ping(): void
  /** Ends the connection without a word to the other side's program: the other side sees 1006. */
  abort(): void
  /** Stops reading: what is sent to it waits at the sender. */
  pause(): void
  /** Goes on reading. */
  resume(): void
}

/** One connection of a memory network. */
export class MemoryLink {
  /** From the client to the server. */
  readonly up: MemoryPipe
  /** From the server to the client. */
  readonly down: MemoryPipe
  /** @internal */
  readonly client: MemorySocket
  readonly #clock: Clock
  readonly #closeTimeout: number
  readonly #clientEvents: SocketEvents
  readonly #remoteAddress: string
  readonly #origin: string | undefined
  readonly #ended: (() => void)[] = []
  #serverEvents: ConnectionEvents | undefined
  #broken = false
  /** What each end has come to: `deaf` ends wait for the other half of the closing and are told nothing else. */
  #server: 'open' | 'deaf' | 'over' = 'open'
  #clientState: 'connecting' | 'open' | 'closing' | 'over' = 'connecting'

  /** @internal */
  constructor(
    clock: Clock,
    options: Required<MemoryNetworkOptions>,
    events: SocketEvents,
    remoteAddress: string,
    origin: string | undefined,
  ) {
    this.#clock = clock
    this.#closeTimeout = options.closeTimeout
    this.#clientEvents = events
    this.#remoteAddress = remoteAddress
    this.#origin = origin
    this.up = new MemoryPipe(clock, options, { deliver: (item) => this.#atServer(item), drained: () => {} })
    this.down = new MemoryPipe(clock, options, {
      deliver: (item) => this.#atClient(item),
      drained: () => this.#server === 'open' && this.#serverEvents?.drain(),
    })
    this.client = new ClientEnd(this)
  }

  /** @internal Whether nobody waits for the connection to be made any more. */
  get abandoned(): boolean {
    return this.#clientState === 'over' || this.#broken
  }

  /** Breaks the connection. What is under way is lost, and both ends see 1006. */
  cut(): void {
    this.#lose()
    this.#clock.after(0, () => {
      this.#endServer(1006, '')
      this.#endClient(1006, '')
    })
  }

  /**
   * Breaks the connection as soon as so much more has passed in a direction: within the message in which that byte stands, which
   * is lost with all that is under way, or behind that message.
   */
  cutAfter(direction: 'up' | 'down', amount: Amount): void {
    this[direction].after(amount, () => this.cut())
  }

  /** Nothing passes any more, in either direction, and nobody is told, until {@link flow}. */
  stall(): void {
    this.up.stall()
    this.down.stall()
  }

  /** What {@link stall} held up passes, and all else. */
  flow(): void {
    this.up.flow()
    this.down.flow()
  }

  /**
   * Breaks the connection, and only the other end sees it: `believer` sends into the void, until it finds out by itself. What is under
   * way is lost.
   */
  halfOpen(believer: 'client' | 'server'): void {
    this.#lose()
    this.#clock.after(0, () => (believer === 'client' ? this.#endServer(1006, '') : this.#endClient(1006, '')))
  }

  /** @internal The process at this end is gone: the other end sees 1006, and this one is told nothing any more. */
  orphan(end: 'client' | 'server'): void {
    if (end === 'server') this.#serverEvents = undefined
    else this.#clientState = 'over'
    this.cut()
  }

  /** @internal The page at the client's end goes: what it has sent still leaves, the end of the connection behind it, and it is told nothing. */
  unload(): void {
    this.closeClient(1001, '')
    this.#clientState = 'over'
  }

  /** @internal An attempt that comes to nothing. */
  fail(reason: string): void {
    this.#clock.after(0, () => this.#endClient(1006, reason))
  }

  /** @internal */
  establish(acceptor: Acceptor): void {
    this.down.push({ kind: 'open' })
    this.#serverEvents = acceptor.accept(new ServerEnd(this, this.#remoteAddress, this.#origin))
  }

  /** @internal */
  onEnd(fn: () => void): void {
    this.#ended.push(fn)
  }

  /** @internal Ends it for the transport; resolves when the server's end is over. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#server === 'over') return resolve()
      this.onEnd(resolve)
      this.closeServer(1001, '')
    })
  }

  /** @internal */
  fromClient(item: Item): void {
    if (this.#clientState === 'open') this.up.push(item)
  }

  /** @internal */
  closeClient(code: number, reason: string): void {
    if (this.#clientState === 'connecting') this.cut()
    if (this.#clientState !== 'open') return
    this.#clientState = 'closing'
    this.up.push({ kind: 'close', code, reason })
  }

  /** @internal */
  fromServer(item: Item): void {
    if (this.#server === 'open') this.down.push(item)
  }

  /** @internal */
  closeServer(code: number, reason: string): void {
    if (this.#server !== 'open') return
    this.#server = 'deaf'
    this.down.push({ kind: 'close', code, reason })
    const cancel = this.#clock.after(this.#closeTimeout, () => this.cut())
    this.onEnd(cancel)
  }

  /** @internal */
  terminateServer(): void {
    if (this.#server === 'over') return
    this.#server = 'deaf'
    this.cut()
  }

  #lose(): void {
    this.#broken = true
    this.up.clear()
    this.down.clear()
  }

  #atServer(item: Item): void {
    if (this.#server === 'over') return
    if (item.kind === 'close') {
      if (this.#server === 'open') this.down.push(item)
      this.#endServer(item.code, item.reason)
    } else if (this.#server === 'open') {
      if (item.kind === 'pong') this.#serverEvents?.pong()
      else if (item.kind === 'ping') this.#pinged()
      else if (item.kind === 'message') this.#serverEvents?.message(received(item.data))
    }
  }

  #pinged(): void {
    this.down.push({ kind: 'pong' })
    this.#serverEvents?.pinged()
  }

  #atClient(item: Item): void {
    switch (item.kind) {
      case 'open':
        if (this.#clientState !== 'connecting') return
        this.#clientState = 'open'
        return this.#clientEvents.open()
      case 'message':
        if (this.#clientState !== 'over') this.#clientEvents.message(received(item.data))
        return
      case 'ping':
        return this.up.push({ kind: 'pong' })
      case 'pong':
        return
      case 'close':
        // The server waits for its close frame to be answered; a client that closed first has been answered by it.
        if (this.#clientState === 'open') this.up.push(item)
        return this.#endClient(item.code, item.reason)
    }
  }

  #endServer(code: number, reason: string): void {
    if (this.#server === 'over') return
    this.#server = 'over'
    for (const fn of this.#ended.splice(0)) fn()
    this.#serverEvents?.closed({ code, reason })
  }

  #endClient(code: number, reason: string): void {
    if (this.#clientState === 'over') return
    this.#clientState = 'over'
    this.#clientEvents.close(code, reason)
  }
}

/** The receiver owns what it gets, while the sender may have sent the same bytes to others: so it gets a copy. */
function received(data: Uint8Array | string): Uint8Array | string {
  return typeof data === 'string' ? data : data.slice()
}

class ClientEnd implements MemorySocket {
  readonly link: MemoryLink

  constructor(link: MemoryLink) {
    this.link = link
  }

  get bufferedAmount(): number {
    return this.link.up.bufferedAmount
  }

  send(message: Uint8Array): void {
    this.link.fromClient({ kind: 'message', data: message })
  }

  sendText(text: string): void {
    this.link.fromClient({ kind: 'message', data: text })
  }

  close(code = 1005, reason = ''): void {
    this.link.closeClient(code, reason)
  }

  ping(): void {
    this.link.fromClient({ kind: 'ping' })
  }

  abort(): void {
    this.link.cut()
  }

  pause(): void {
    this.link.down.pause()
  }

  resume(): void {
    this.link.down.resume()
  }
}

class ServerEnd implements Connection {
  readonly #link: MemoryLink
  readonly remoteAddress: string
  readonly origin: string | undefined

  constructor(link: MemoryLink, remoteAddress: string, origin: string | undefined) {
    this.#link = link
    this.remoteAddress = remoteAddress
    this.origin = origin
  }

  get bufferedAmount(): number {
    return this.#link.down.bufferedAmount
  }

  send(message: Uint8Array): void {
    this.#link.fromServer({ kind: 'message', data: message })
  }

  ping(message?: Uint8Array): void {
    this.#link.fromServer({ kind: 'ping' })
    if (message) this.send(message)
  }

  close(code: number, reason: string): void {
    // The other half of the closing has to be read.
    this.resume()
    this.#link.closeServer(code, reason)
  }

  terminate(): void {
    this.#link.terminateServer()
  }

  pause(): void {
    this.#link.up.pause()
  }

  resume(): void {
    this.#link.up.resume()
  }
}
