/** `1,234`, `12.3`, `0.042`: three digits are enough, and as many as a number needs. */
export function figure(value: number): string {
  if (value === 0) return '0'
  if (value >= 100) return Math.round(value).toLocaleString('en')
  if (value >= 10) return value.toFixed(1)
  return value >= 1 ? value.toFixed(2) : Number(value.toPrecision(2)).toString()
}

/** `1,234`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** `12.3 KB`. */
export function byteCount(value: number): string {
  if (value < 1_000) return `${Math.round(value)} B`
  if (value < 1_000_000) return `${figure(value / 1_000)} KB`
  return value < 1_000_000_000 ? `${figure(value / 1_000_000)} MB` : `${figure(value / 1_000_000_000)} GB`
}
