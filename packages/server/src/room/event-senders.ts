import { encodeFrame, FrameType } from '@junto/protocol/internal'
import type { MessageCodec } from '@junto/schema/internal'

/** Takes an encoded event to where it belongs. `options` are what the user gave after the payload. */
export type Post = (frame: Uint8Array, codec: MessageCodec, options: unknown) => void

/** Makes what stands under `member.send` and `room.broadcast`: a function per event, which encodes it once. */
export function eventSenders(down: readonly MessageCodec[], post: Post): Readonly<Record<string, unknown>> {
  // Without a prototype: a message may be called `constructor`.
  const senders: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const codec of down) {
    if (codec.kind !== 'event') continue
    const path = `${codec.name}.payload`
    senders[codec.name] = (payload: unknown, options?: unknown): void => {
      const wire = codec.payload ? codec.payload.encode(payload, path) : null
      post(encodeFrame({ type: FrameType.event, id: codec.id, payload: wire }), codec, options)
    }
  }
  return Object.freeze(senders)
}
