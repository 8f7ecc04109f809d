import type { Part } from '../../harness.ts'
import { serveOn } from './colyseus.ts'

// The same on its transport on uWebSockets.js.

export { join } from './colyseus.ts'

export const serve = (settings: unknown): Promise<Part> => serveOn('uws', settings)
