import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Limits } from '@junto/server'

const { PORT = '1727', HOST, LIMITS = '{}' } = process.env

/**
 * Listens where `PORT` and `HOST` say, and prints the address behind what is there: "The whiteboard is on …". Ends the process when it cannot listen.
 *
 * @param name What is there: "whiteboard".
 */
export function serve(http: Server, name: string): void {
  http.once('error', (error: Error & { code?: string }) => {
    const why =
      error.code === 'EADDRINUSE' ? `port ${PORT} is taken. Choose another: PORT=1728 npm start` : error.message
    process.stderr.write(`The ${name} cannot start: ${why}\n`)
    process.exit(1)
  })
  http.listen({ port: Number(PORT), ...(HOST === undefined ? {} : { host: HOST }) }, () => {
    const { port } = http.address() as AddressInfo
    process.stdout.write(`\n  The ${name} is on http://${HOST ?? 'localhost'}:${port}\n\n`)
  })
}

/**
 * The number that a variable of the environment sets.
 *
 * @param otherwise What it is where the variable is not set.
 * @param least The smallest that it may be.
 * @throws Error naming the variable.
 */
export function numberOfEnvironment(name: string, otherwise: number, least: number): number {
  const text = process.env[name] ?? String(otherwise)
  const number = Number(text)
  if (text.trim() === '' || !(number >= least))
    throw new Error(`${name} must be a number of ${least} or above, not "${text}"`)
  return number
}

/** The limits that the variable `LIMITS` sets, as JSON; the server looks at their names and values. */
export function limitsOfEnvironment(): Partial<Limits> {
  const limits: unknown = JSON.parse(LIMITS)
  if (typeof limits !== 'object' || limits === null) throw new Error(`LIMITS must be a JSON object, not ${LIMITS}`)
  return limits
}
