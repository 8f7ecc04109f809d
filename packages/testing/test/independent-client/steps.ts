import { wrong, type Quantized } from './layout.ts'

/** Numbers that travel as counts of steps (V6, S21). */

/** The highest count of a quantized number. */
export function highest({ min, max, step }: Quantized): number {
  return Math.max(1, Math.ceil((max - min) / step - 1e-9))
}

export function quantizedOf(type: Quantized, count: number): number {
  const { min, max, step } = type
  if (count < 0 || count > highest(type)) wrong(`count ${count}`)
  if (count === highest(type)) return max
  // In decimals where the range is written in such.
  for (let parts = 1; parts <= 1e9; parts *= 10) {
    const [first, each] = [Math.round(min * parts), Math.round(step * parts)]
    if (first / parts === min && each / parts === step) return Math.max(min, (first + count * each) / parts)
  }
  return min + count * step
}

export function countOf(type: Quantized, value: number): number {
  const { min, max, step } = type
  if (!(value >= min && value <= max)) wrong(`${value} is out of range`)
  const below = Math.max(0, Math.min(Math.floor((value - min) / step), highest(type) - 1))
  return value - quantizedOf(type, below) < quantizedOf(type, below + 1) - value ? below : below + 1
}

const turn = 65_536

export function angleOf(count: number): number {
  if (count < 0 || count >= turn) wrong(`angle ${count}`)
  return ((count < turn / 2 ? count : count - turn) / turn) * 2 * Math.PI
}

export function angleCountOf(angle: number): number {
  return ((Math.round((angle / (2 * Math.PI)) * turn) % turn) + turn) % turn
}
