import type { PeerPackages } from '../rounds.ts'

/** The packages of others that calls and joins are measured with. */
export const packages = {
  socketIo: { folder: 'socket.io', libraries: ['socket.io', 'bufferutil'] },
  uws: { folder: 'uws', libraries: [], loads: 'uWebSockets.js' },
  colyseus: { folder: 'colyseus', libraries: ['@colyseus/core', '@colyseus/ws-transport'] },
} as const satisfies Record<string, PeerPackages>
