// Of its own: a server's process does not load it.
export { schema, t } from '@colyseus/schema'
export { Client } from '@colyseus/sdk'
