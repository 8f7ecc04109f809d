/** The generator sfc32: fast and even, and no secret to anybody. Who begins with the same numbers gets the same ones. */
export class Sfc32 {
  #a: number
  #b: number
  #c: number
  #counter: number

  /**
   * All are whole numbers, of which 32 bits count.
   *
   * @param skipped So many of the first values are left out: they still show what it began with.
   */
  constructor(a: number, b: number, c: number, counter: number, skipped: number) {
    this.#a = a | 0
    this.#b = b | 0
    this.#c = c | 0
    this.#counter = counter | 0
    for (let i = 0; i < skipped; i++) this.next()
  }

  /** The next whole number of 32 bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }
}
