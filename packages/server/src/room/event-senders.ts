import { encodeFrame, FrameType } from '@junto/protocol/internal'
import type { MessageCodec } from '@junto/schema/internal'
import type { LooseDelivery } from './seat.ts'
import type { Message } from '../sync/feed.ts'

/** Takes an event to where it belongs. `options` are what the user gave after the payload. */
export type Post = (message: Message, options: unknown) => void

/** Makes what stands under `member.send` and `room.broadcast`: a function per event, which encodes it once. */
export function eventSenders(down: readonly MessageCodec[], post: Post): Readonly<Record<string, unknown>> {
  // Without a prototype: a message may be called `constructor`.
  const senders: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const codec of down) {
    if (codec.kind !== 'event') continue
    const path = `${codec.name}.payload`
    const type = codec.delivery === 'reliable' ? FrameType.event : FrameType.loose
    senders[codec.name] = (payload: unknown, options?: unknown): void => {
      const wire = codec.payload ? codec.payload.encode(payload, path) : null
      const frame = encodeFrame({ type, id: codec.id, payload: wire })
      post({ frame, loose: looseDelivery(codec, payload) }, options)
    }
  }
  return Object.freeze(senders)
}

/** Whom the options of a broadcast leave out. */
export function exceptOf(options: unknown): readonly unknown[] {
  if (typeof options !== 'object' || options === null || !('except' in options)) return []
  const { except } = options
  return Array.isArray(except) ? except : [except]
}

/** What an event of class `latest` takes the place of: others of the same name, with the same value in its key field where it has one. */
export function latestKey({ id, key }: MessageCodec, payload: unknown): string {
  return key === undefined ? `${id}` : `${id}:${keyOf(payload, key)}`
}

function looseDelivery(codec: MessageCodec, payload: unknown): LooseDelivery | undefined {
  const { delivery, priority } = codec
  switch (delivery) {
    case 'reliable':
      return undefined
    case 'volatile':
      return { priority }
    case 'latest':
      return { key: latestKey(codec, payload), priority }
  }
}

/** What of a payload says which earlier one it takes the place of. It was encoded, so it is a record with that field, or without one that is optional. */
function keyOf(payload: unknown, field: string): string {
  return typeof payload === 'object' && payload !== null && field in payload
    ? String(payload[field as keyof object])
    : ''
}
