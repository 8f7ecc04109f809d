import { JuntoError } from './errors.ts'

/** How deep a value may nest, the first level included: what the gate of the other side lets pass. */
export const deepestValue = 32

/** A value that has no place in a message. */
export function refuseValue(what: string): never {
  throw new JuntoError('invalid', `cannot be sent: ${what}`)
}

export function refuseDepth(): never {
  refuseValue(`a value nested deeper than ${deepestValue} levels`)
}

/** A class, or what stands where objects have theirs. */
export function className(value: object): string {
  return typeof value.constructor === 'function' ? value.constructor.name : 'object without a class'
}

/** Whether an object is no instance of a class, so that its fields are all there is to it. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether an integer has at most 64 bits, signed or not. */
export function fits64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value
}
