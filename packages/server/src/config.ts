import type { Limits } from '@junto/protocol'

// Class and interface are merged: the limits stand in one table of the protocol, and naming each a second time here would
// let the two drift apart.
/** The token under which a server's services find its limits: `this.inject(ServerLimits).maxFrame`. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- what is registered comes complete from that table
export abstract class ServerLimits {}

export interface ServerLimits extends Limits {}
