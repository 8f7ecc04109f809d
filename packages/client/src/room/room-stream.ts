/** A stream under way, in wire values, and what its items and errors become. */
export interface OpenedStream {
  readonly items: AsyncIterableIterator<unknown>
  decode(item: unknown): unknown
  translate(error: unknown): unknown
}

/** A stream of a room: opened by the first `next()`, cancelled on the server when the loop over it is left. */
export class RoomStream implements AsyncIterableIterator<unknown>, AsyncDisposable {
  #open: (() => OpenedStream) | undefined
  #stream: OpenedStream | undefined

  /**
   * @param open Opens it; what it throws rejects the first `next()`.
   */
  constructor(open: () => OpenedStream) {
    this.#open = open
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#open !== undefined) {
      const open = this.#open
      this.#open = undefined
      this.#stream = open()
    }
    const stream = this.#stream
    if (stream === undefined) return { done: true, value: undefined }
    try {
      const result = await stream.items.next()
      if (result.done !== true) return { done: false, value: stream.decode(result.value) }
    } catch (error) {
      // An item that cannot be decoded ends the stream on the server too.
      void this.#end(stream)
      throw stream.translate(error)
    }
    this.#stream = undefined
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    this.#open = undefined
    if (this.#stream !== undefined) await this.#end(this.#stream)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #end(stream: OpenedStream): Promise<void> {
    this.#stream = undefined
    await stream.items.return?.()
  }
}
