import { JuntoError } from '../errors.ts'

/** Per signal: what waits for its abortion. One listener serves all, since Node takes more than ten for a leak. */
const waiting = new WeakMap<AbortSignal, Set<{ readonly call: () => void }>>()

/** Calls `abort` once when the signal is aborted. Returns what ends that. */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  const entry = { call: abort }
  const entries = waiting.get(signal) ?? listenTo(signal)
  entries.add(entry)
  return () => {
    // A signal may live as long as the program: nothing is left on it.
    if (!entries.delete(entry) || entries.size > 0) return
    waiting.delete(signal)
    signal.removeEventListener('abort', aborted)
  }
}

/**
 * The signal itself, to be heeded.
 *
 * @throws JuntoError `cancelled` when it is aborted, `misuse` when it is no signal.
 */
export function heeded(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined
  checkSignal(signal)
  if (signal.aborted) throw abortedBy(signal)
  return signal
}

/** For untyped programs. By its form: signals of another realm or of a polyfill do as well. @throws JuntoError `misuse`. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal) return
  throw new JuntoError('misuse', 'signal must be an AbortSignal')
}

/** The error of what its caller aborted. */
export function abortedBy(signal: AbortSignal): JuntoError {
  return new JuntoError('cancelled', 'cancelled by its signal', { cause: signal.reason })
}

function listenTo(signal: AbortSignal): Set<{ readonly call: () => void }> {
  const entries = new Set<{ readonly call: () => void }>()
  waiting.set(signal, entries)
  signal.addEventListener('abort', aborted)
  return entries
}

function aborted(this: AbortSignal): void {
  // Each ends its waiting, and so the last one the listener.
  for (const { call } of waiting.get(this) ?? []) call()
}
