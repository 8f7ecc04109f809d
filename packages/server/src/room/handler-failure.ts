import type { MessageCodec } from '@junto/schema/internal'
import { thrownAs } from '../thrown.ts'

/** What a handler or mutator threw, with its place: so that it is never mistaken for an error of ours about the message. */
export class HandlerFailure extends Error {
  readonly thrown: unknown
  readonly where: string
  /** What the code that threw is called. */
  readonly code: 'handler' | 'mutator'

  constructor(thrown: unknown, where: string, code: HandlerFailure['code'] = 'handler') {
    super()
    this.thrown = thrown
    this.where = where
    this.code = code
  }
}

/** What a handler threw, with its place; as it is where that stands on it already. */
export function failureIn(where: string, error: unknown): HandlerFailure {
  return thrownAs(error, HandlerFailure) ?? new HandlerFailure(error, where)
}

/** A message, as errors and logs name it. */
export function placeIn({ kind, name, mutation }: MessageCodec): string {
  return `${mutation ? 'mutation' : kind} ${name}`
}
