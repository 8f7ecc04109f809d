import { createServer } from 'node:http'
import { JuntoServer, provide } from '@junto/server'
import { limitsOfEnvironment, numberOfEnvironment, serve } from '../stage/serve.ts'
import { siteOf } from '../stage/site.ts'
import { Arena } from './contract.ts'
import { ArenaRoom, Company } from './room.ts'
import { fewestFighters, livePath, mostFighters, patchRate, tickRate } from './rules.ts'

/** The page answers at `/` and, for a field of friends, at `/a/NAME`. */
const isPage = (path: string): boolean => path === '/' || /^\/a\/[^/]+$/.test(path)

const http = createServer()
http.on('request', await siteOf(import.meta.dirname, http, isPage))

const junto = new JuntoServer({
  server: http,
  path: livePath,
  limits: limitsOfEnvironment(),
  services: [provide(Company, new Company(numberOfEnvironment('FIGHTERS', fewestFighters, 0)))],
})
junto.define(Arena, ArenaRoom, { maxMembers: mostFighters, tickRate, patchRate })

junto.closeOnSignals()
await junto.listen()
serve(http, 'arena')
