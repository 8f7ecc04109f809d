// Here the packages are found in this folder's node_modules, and as ES modules.
export { defineRoom, defineServer, Room } from '@colyseus/core'
export { Encoder, schema, t } from '@colyseus/schema'
export { WebSocketTransport } from '@colyseus/ws-transport'
