import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { FileStore, JuntoServer, provide, type Limits } from '@junto/server'
import { livePath } from './board.ts'
import { Whiteboard } from './contract.ts'
import { BoardLimits, WhiteboardRoom } from './room.ts'
import { builtSite, developmentSite } from './site.ts'

const here = import.meta.dirname
const { PORT = '1727', HOST, DATA = join(here, 'data'), MAX_STROKES = '2000', LIMITS = '{}' } = process.env

const http = createServer()
http.on(
  'request',
  process.argv.includes('--dev') ? await developmentSite(here, http) : await builtSite(join(here, 'dist')),
)

const junto = new JuntoServer({
  server: http,
  path: livePath,
  store: new FileStore(DATA),
  limits: limitsIn(LIMITS),
  services: [provide(BoardLimits, new BoardLimits(Number(MAX_STROKES)))],
})
junto.define(Whiteboard, WhiteboardRoom, {
  maxMembers: 50,
  persist: true,
  // Nobody has an account here. A page makes up a token, and whoever brings the same one again is the same person; what
  // others get to see is its hash, which does not let them be that person.
  authenticate: ({ token }) =>
    token !== undefined && token.length >= 16
      ? { id: createHash('sha256').update(token).digest('hex').slice(0, 16) }
      : undefined,
})
/** What LIMITS says; the server looks at its names and values. */
function limitsIn(json: string): Partial<Limits> {
  const limits: unknown = JSON.parse(json)
  if (typeof limits !== 'object' || limits === null) throw new Error(`LIMITS must be a JSON object, not ${json}`)
  return limits
}

// Saves the boards and tells the pages to come back.
junto.closeOnSignals()
await junto.listen()

http.once('error', (error: Error & { code?: string }) => {
  const why = error.code === 'EADDRINUSE' ? `port ${PORT} is taken. Choose another: PORT=1728 npm start` : error.message
  process.stderr.write(`The whiteboard cannot start: ${why}\n`)
  process.exit(1)
})
http.listen({ port: Number(PORT), ...(HOST === undefined ? {} : { host: HOST }) }, () => {
  const { port } = http.address() as AddressInfo
  process.stdout.write(`\n  The whiteboard is on http://${HOST ?? 'localhost'}:${port}\n\n`)
})
