import { ForfeitingLink, type ForfeitingLinkHost } from './forfeiting-link.ts'
import { Link } from './link.ts'

/** What a link did, each frame as `room:value`, since that was looked at last. */
interface Watched {
  transmitted(): string[]
  forfeited(): string[]
  /** Of the session's frames, those that the peer has taken. */
  taken(): string[]
}

export type WatchedLink = Watched & { readonly link: Link }
export type WatchedForfeitingLink = Watched & { readonly link: ForfeitingLink }

export interface WatchedOptions {
  readonly maxBytes?: number
  readonly maxFrames?: number
  /** Called with each frame that is transmitted. */
  readonly onTransmit?: (room: number, frame: Uint8Array) => void
}

/** The frame of a number below 2^32, four bytes long. */
export function frameOf(value: number): Uint8Array {
  const frame = new Uint8Array(4)
  new DataView(frame.buffer).setUint32(0, value)
  return frame
}

/** The number that {@link frameOf} has put into a frame. */
export function valueOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(0)
}

/** The link of a client. */
export function clientLink(options: WatchedOptions = {}): WatchedLink {
  return watched(options, (made) => new Link(made))
}

/** The link of a server. */
export function serverLink(options: WatchedOptions = {}): WatchedForfeitingLink {
  return watched(options, (made) => new ForfeitingLink(made))
}

function watched<L extends Link>(
  options: WatchedOptions,
  make: (host: ForfeitingLinkHost) => L,
): Watched & { readonly link: L } {
  const { maxBytes = 10_000, maxFrames = 100, onTransmit } = options
  const transmitted: string[] = []
  const forfeited: string[] = []
  const taken: string[] = []
  const told = (room: number, frame: Uint8Array): string => `${room}:${valueOf(frame)}`
  const link = make({
    maxBytes,
    maxFrames,
    forfeited: (room, frames) => forfeited.push(...frames.map((frame) => told(room, frame))),
    taken: (frame) => taken.push(told(0, frame)),
    transmit: (room, frame) => {
      onTransmit?.(room, frame)
      transmitted.push(told(room, frame))
    },
  })
  return {
    link,
    transmitted: () => transmitted.splice(0),
    forfeited: () => forfeited.splice(0),
    taken: () => taken.splice(0),
  }
}
