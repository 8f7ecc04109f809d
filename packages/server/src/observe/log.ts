import { Console } from 'node:console'
import { isDescribedError, redacted } from './redaction.ts'

/** What a log line is about, beside its sentence: room, session, error and the like. Never credentials. */
export type Fields = Readonly<Record<string, unknown>>

/** Levels, from the one that says most to the one that says nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']

/** Where the server, and rooms by `this.inject(Logger)`, write what happens. Replace it to log elsewhere. */
export abstract class Logger {
  /** For whoever looks for a fault. */
  abstract debug(message: string, fields?: Fields): void
  /** What an operator may want to have seen. */
  abstract info(message: string, fields?: Fields): void
  /** Somebody should look at this, but nothing is lost. */
  abstract warn(message: string, fields?: Fields): void
  /** Something failed. `fields.error` holds what was thrown. */
  abstract error(message: string, fields?: Fields): void
}

/** By a console, which bears a stream that nobody reads any more: its bare `write` would end the process. */
function toStandardError(): (line: string) => void {
  const console = new Console(process.stderr)
  return (line) => console.error('%s', line.slice(0, -1))
}

/** Writes readable lines to the standard error stream. */
export class ConsoleLogger extends Logger {
  readonly #least: number
  readonly #write: (line: string) => void

  /**
   * @param level Lines below it are not written. Default: `info`.
   * @param write Where a line goes. Default: the standard error stream.
   */
  constructor(level: LogLevel = 'info', write: (line: string) => void = toStandardError()) {
    super()
    this.#least = levels.indexOf(level)
    this.#write = write
  }

  override debug(message: string, fields?: Fields): void {
    this.#line('debug', message, fields)
  }

  override info(message: string, fields?: Fields): void {
    this.#line('info', message, fields)
  }

  override warn(message: string, fields?: Fields): void {
    this.#line('warn', message, fields)
  }

  override error(message: string, fields?: Fields): void {
    this.#line('error', message, fields)
  }

  #line(level: LogLevel, message: string, fields: Fields | undefined): void {
    if (levels.indexOf(level) < this.#least) return
    this.#write(formatLine(level, message, fields))
  }
}

/** Forgets everything. */
export class SilentLogger extends Logger {
  override debug(): void {}
  override info(): void {}
  override warn(): void {}
  override error(): void {}
}

/** `[junto] warn: a sentence (room=whiteboard, id=x7)`, and below it the stack of what was thrown. */
export function formatLine(level: LogLevel, message: string, fields: Fields = {}): string {
  const { error, ...rest } = redacted(fields)
  const pairs = Object.entries(rest).filter(([, value]) => value !== undefined)
  const about = pairs.map(([name, value]) => `${name}=${formatValue(value)}`).join(', ')
  const thrown = error === undefined ? '' : `\n  ${formatThrown(error).replaceAll('\n', '\n  ')}`
  return `[junto] ${level}: ${oneLine(message)}${about === '' ? '' : ` (${about})`}${thrown}\n`
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return oneLine(value)
  if (typeof value === 'object' && value !== null) return safeJson(value)
  return String(value)
}

/** Control characters, which a peer may have sent, must neither begin a line of their own nor steer a terminal. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (found) => JSON.stringify(found).slice(1, -1))
}

/** @param error As {@link redacted} leaves it: plain, and not deep. */
function formatThrown(error: unknown): string {
  if (!isDescribedError(error)) return formatValue(error)
  return error.cause === undefined ? error.stack : `${error.stack}\ncaused by ${formatThrown(error.cause)}`
}

function safeJson(value: object): string {
  try {
    return JSON.stringify(value) ?? '…'
  } catch {
    return '…'
  }
}
