import { randomId, type RandomSource } from '@junto/protocol'

/** Signs of a code: 32 of them make a billion codes. With a thousand rooms that have one, every millionth guess finds one. */
const length = 6

/** The join codes of a server's rooms: short, to be told to friends. */
export class JoinCodes<R extends object> {
  readonly #random: RandomSource
  readonly #rooms = new Map<string, R>()
  readonly #codes = new Map<R, string>()

  constructor(random: RandomSource) {
    this.#random = random
  }

  /** The code of a room, made when it is first asked for: digits and capital letters without I, L, O and U. */
  of(room: R): string {
    let code = this.#codes.get(room)
    if (code !== undefined) return code
    do code = randomId(this.#random, length).toUpperCase()
    while (this.#rooms.has(code))
    this.#rooms.set(code, room)
    this.#codes.set(room, code)
    return code
  }

  /** The room of a code as somebody has typed it: in small letters, with spaces or hyphens, with an O for a 0, an I or L for a 1. */
  find(code: string): R | undefined {
    const signs = code.replaceAll(/[\s-]/g, '').toUpperCase()
    return this.#rooms.get(signs.replaceAll('O', '0').replaceAll(/[IL]/g, '1'))
  }

  /** The room has gone: its code leads nowhere. */
  forget(room: R): void {
    const code = this.#codes.get(room)
    if (code === undefined) return
    this.#codes.delete(room)
    this.#rooms.delete(code)
  }
}
