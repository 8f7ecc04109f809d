import type { Part } from '../../harness.ts'
import { serveOn } from './colyseus.ts'

// The same on its transport on uWebSockets.js.

export { connect } from './colyseus.ts'

export const serve = (): Promise<Part> => serveOn('uws')
