import type { PeerPackages } from './rounds.ts'

const uws: PeerPackages = { folder: 'uws', libraries: [], loads: 'uWebSockets.js' }
const colyseus = ['@colyseus/core', '@colyseus/schema', '@colyseus/sdk']

/** The packages of others that benchmarks of whole servers measure. */
export const packages = {
  socketIo: [{ folder: 'socket.io', libraries: ['socket.io', 'bufferutil'] }],
  uws: [uws],
  colyseus: [{ folder: 'colyseus', libraries: [...colyseus, '@colyseus/ws-transport'] }],
  colyseusUws: [uws, { folder: 'colyseus', libraries: [...colyseus, '@colyseus/uwebsockets-transport'] }],
} satisfies Record<string, readonly PeerPackages[]>
