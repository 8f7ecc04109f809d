import type { VirtualClock } from '@junto/testing'
import { parseFrame } from '../frame-parsing.ts'
import type { ExchangeFrame } from '../frames.ts'
import { ForfeitingLink } from '../link/forfeiting-link.ts'
import { Link } from '../link/link.ts'
import { unpackSequence } from '../msgpack.ts'
import { exchangeFrame, exchangeLimits, FunctionAnswerer } from './exchange-pair.fixture.ts'
import { Exchange } from './exchange.ts'
import { OfferingExchange } from './offering-exchange.ts'

/** A client's and a server's exchange, each over its link, and a line between them that can be cut. */
export interface LinkedPair {
  readonly client: Exchange
  readonly clientLink: Link
  readonly clientAnswers: FunctionAnswerer
  readonly server: OfferingExchange
  readonly serverAnswers: FunctionAnswerer
  /** The types of the frames that have arrived at the server. */
  readonly arrived: number[]
  /** The client acknowledges what it has taken. */
  acknowledge(): void
  /** What is under way is lost, and neither side reaches the other. */
  cut(): void
  /** Both are there again, as a resume makes it. Returns how many frames of the server are gone. */
  resume(): number
}

/** @param kept Bytes that the server keeps while the line is cut. */
export function linkedPair(clock: VirtualClock, kept = 10_000): LinkedPair {
  const [clientAnswers, serverAnswers] = [new FunctionAnswerer(), new FunctionAnswerer()]
  const arrived: number[] = []
  let line = 0

  /** What one side transmits arrives at the other a millisecond later, if the line is still there then. */
  const carry = (frame: Uint8Array, take: (frame: ExchangeFrame) => void): void => {
    const over = line
    clock.after(1, () => {
      if (over === line) take(exchangeFrame(parseFrame(unpackSequence(frame)[0])))
    })
  }
  const clientLink: Link = new Link({
    maxBytes: 10_000,
    transmit: (_room, frame) =>
      carry(frame, (one) => {
        arrived.push(one.type)
        server.receive(one)
        serverLink.take()
      }),
  })
  const serverLink: ForfeitingLink = new ForfeitingLink({
    maxBytes: kept,
    maxFrames: 100,
    forfeited: (_room, frames) => server.forfeited(frames),
    transmit: (_room, frame) =>
      carry(frame, (one) => {
        client.receive(one)
        clientLink.take()
      }),
  })
  const client = new Exchange({
    ...exchangeLimits,
    clock,
    answer: clientAnswers,
    send: (frame) => clientLink.send(1, frame),
    retract: (frame) => clientLink.retract(frame),
  })
  const server = new OfferingExchange({
    ...exchangeLimits,
    clock,
    answer: serverAnswers,
    send: (frame) => serverLink.send(1, frame),
  })
  clientLink.begin()
  serverLink.begin()
  return {
    client,
    clientLink,
    clientAnswers,
    server,
    serverAnswers,
    arrived,
    acknowledge: () => serverLink.acknowledged(clientLink.received),
    cut: () => {
      line++
      clientLink.detach()
      serverLink.detach()
    },
    resume: () => {
      const missed = serverLink.attach(clientLink.received).get(1) ?? 0
      clientLink.attach(serverLink.received)
      serverLink.replay()
      server.tellLost()
      clientLink.replay()
      return missed
    },
  }
}
