import { isPromiseLike } from '@junto/protocol/internal'
import { ConsoleLogger, Logger, type Fields } from './log.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/**
 * Stands before whatever logger a program has: one that throws, or returns a promise that rejects, costs its lines and nothing else. A call, a
 * tick and a close go on.
 */
export class GuardedLogger extends Logger {
  readonly #logger: Logger
  readonly #onLost: () => void
  readonly #fallback: Logger
  #told = false

  /**
   * @param onLost Called for each line that is lost.
   * @param fallback Is told the first time, with the line. Default: the standard error stream.
   */
  constructor(logger: Logger, onLost: () => void, fallback: Logger = new ConsoleLogger()) {
    super()
    this.#logger = logger
    this.#onLost = onLost
    this.#fallback = fallback
  }

  override debug(message: string, fields?: Fields): void {
    this.#pass('debug', message, fields)
  }

  override info(message: string, fields?: Fields): void {
    this.#pass('info', message, fields)
  }

  override warn(message: string, fields?: Fields): void {
    this.#pass('warn', message, fields)
  }

  override error(message: string, fields?: Fields): void {
    this.#pass('error', message, fields)
  }

  #pass(level: Level, message: string, fields: Fields | undefined): void {
    try {
      // An async method is one without a result, for the compiler.
      const result: unknown = this.#logger[level](message, fields)
      if (isPromiseLike(result)) result.then(undefined, (error: unknown) => this.#lost(error, level, message))
    } catch (error) {
      this.#lost(error, level, message)
    }
  }

  #lost(error: unknown, level: Level, message: string): void {
    this.#onLost()
    if (this.#told) return
    this.#told = true
    this.#fallback.error(
      'The logger failed: this line is lost, and maybe later ones, which only log_lines_lost counts',
      {
        level,
        line: message,
        error,
      },
    )
  }
}
