import { pino, type Logger as Pino } from 'pino'
import { Logger, type Fields } from './log.ts'
import { redacted } from './redaction.ts'

/**
 * Writes a JSON object a line, by [pino](https://getpino.io), for programs that collect logs. `npm install pino`, then:
 *
 * ```ts
 * import { JuntoServer } from '@junto/server'
 * import { PinoLogger } from '@junto/server/pino'
 *
 * const server = new JuntoServer({ logger: new PinoLogger() })
 * ```
 *
 * Lines about a room have its name in `room`, those about a client `session` and `address`. What was thrown stands in `err`. Fields
 * named like secrets are written as `[redacted]`, see {@link redacted}.
 */
export class PinoLogger extends Logger {
  readonly #pino: Pino

  /** @param logger A pino logger of your own, whose level, destination and other options hold. Default: `pino()`, to the standard output. */
  constructor(logger: Pino = pino()) {
    super()
    this.#pino = logger
  }

  override debug(message: string, fields?: Fields): void {
    // A debug line is mostly not written: then it shall cost nothing.
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(bindings(fields), message)
  }

  override info(message: string, fields?: Fields): void {
    this.#pino.info(bindings(fields), message)
  }

  override warn(message: string, fields?: Fields): void {
    this.#pino.warn(bindings(fields), message)
  }

  override error(message: string, fields?: Fields): void {
    this.#pino.error(bindings(fields), message)
  }
}

function bindings(fields: Fields = {}): Record<string, unknown> {
  const { error, ...rest } = redacted(fields)
  // Under the name that pino and what reads its lines expect.
  return error === undefined ? rest : { ...rest, err: error }
}
