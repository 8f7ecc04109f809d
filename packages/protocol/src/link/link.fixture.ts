import { Link, type LinkOptions } from './link.ts'

/** A link whose frames are single bytes, and what it did. */
export interface WatchedLink {
  readonly link: Link
  /** What it has transmitted and given up, as `room:byte`, since this was looked at last. */
  transmitted(): string[]
  forfeited(): string[]
}

export interface WatchedOptions {
  readonly maxBytes?: number
  readonly maxFrames?: number
  readonly mostAttached?: number
  readonly kind: 'refuse' | 'forfeit'
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

/** The link of a client (`refuse`) or of a server (`forfeit`). */
export function watchedLink(options: WatchedOptions): WatchedLink {
  const { kind, maxBytes = 10_000, maxFrames = 100, mostAttached = 100_000, onTransmit } = options
  const transmitted: string[] = []
  const forfeited: string[] = []
  const told = (room: number, frame: Uint8Array): string => `${room}:${valueOf(frame)}`
  const overflow: LinkOptions['overflow'] =
    kind === 'refuse'
      ? { kind, mostAttached }
      : { kind, forfeited: (room, frames) => forfeited.push(...frames.map((frame) => told(room, frame))) }
  const link = new Link({
    maxBytes,
    maxFrames,
    overflow,
    transmit: (room, frame) => {
      onTransmit?.(room, frame)
      transmitted.push(told(room, frame))
    },
  })
  return { link, transmitted: () => transmitted.splice(0), forfeited: () => forfeited.splice(0) }
}
