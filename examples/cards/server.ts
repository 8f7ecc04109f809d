import { createServer } from 'node:http'
import { JuntoServer, provide } from '@junto/server'
import { limitsOfEnvironment, numberOfEnvironment, serve } from '../stage/serve.ts'
import { siteOf } from '../stage/site.ts'
import { Eights } from './contract.ts'
import { Dealer, EightsRoom, Pace } from './room.ts'
import { livePath, players } from './rules.ts'

/** The page answers at `/` and, for a table, at `/t/CODE`. */
const isPage = (path: string): boolean => path === '/' || /^\/t\/[^/]+$/.test(path)

const http = createServer()
http.on('request', await siteOf(import.meta.dirname, http, isPage))

const junto = new JuntoServer({
  server: http,
  path: livePath,
  limits: limitsOfEnvironment(),
  services: [provide(Dealer), provide(Pace, new Pace(numberOfEnvironment('TURN', 30, 1) * 1000))],
})
junto.define(Eights, EightsRoom, {
  maxMembers: players.most,
  // A table at which nobody has done anything for so long is forgotten.
  idleAfter: 30 * 60_000,
})

// Tells the pages before it goes.
junto.closeOnSignals()
await junto.listen()
serve(http, 'card table')
