import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { FileStore, JuntoServer, provide } from '@junto/server'
import { limitsOfEnvironment, numberOfEnvironment, serve } from '../stage/serve.ts'
import { siteOf } from '../stage/site.ts'
import { livePath } from './board.ts'
import { Whiteboard } from './contract.ts'
import { BoardLimits, WhiteboardRoom } from './room.ts'

const here = import.meta.dirname
const { DATA = join(here, 'data') } = process.env

/** The page answers at `/` and, for a board, at `/b/NAME`. */
const isPage = (path: string): boolean => path === '/' || /^\/b\/[^/]+$/.test(path)

const http = createServer()
http.on('request', await siteOf(here, http, isPage))

const junto = new JuntoServer({
  server: http,
  path: livePath,
  store: new FileStore(DATA),
  // Clearing a full board can be undone, too.
  limits: { undoBytes: 4 * 1024 * 1024, ...limitsOfEnvironment() },
  services: [provide(BoardLimits, new BoardLimits(numberOfEnvironment('MAX_STROKES', 2_000, 1)))],
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

// Saves the boards and tells the pages to come back.
junto.closeOnSignals()
await junto.listen()
serve(http, 'whiteboard')
