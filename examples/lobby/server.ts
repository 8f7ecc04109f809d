import { createServer } from 'node:http'
import { JuntoServer } from '@junto/server'
import { limitsOfEnvironment, serve } from '../stage/serve.ts'
import { siteOf } from '../stage/site.ts'
import { bounds, livePath } from './chat.ts'
import { Chat } from './contract.ts'
import { ChatRoom } from './room.ts'

/** The lobby answers at `/`, a room at `/r/ID`, and one that is found by its join code at `/c/CODE`. */
const isPage = (path: string): boolean => path === '/' || /^\/[rc]\/[^/]+$/.test(path)

const http = createServer()
http.on('request', await siteOf(import.meta.dirname, http, isPage))

const junto = new JuntoServer({ server: http, path: livePath, limits: limitsOfEnvironment() })
junto.define(Chat, ChatRoom, {
  maxMembers: bounds.seats.most,
  // An empty room is over soon, and one in which nobody says anything, too: pages are left open.
  disposeAfter: 1_000,
  idleAfter: 60 * 60_000,
})

junto.closeOnSignals()
await junto.listen()
serve(http, 'lobby')
