import type { Limits } from '@junto/protocol'

const most = 1_000_000_000

/**
 * Limits that a few clients which do the work of thousands, all from one machine, would meet. They stay on: everything is counted, and
 * there is enough of everything.
 */
export const enough: Partial<Limits> = {
  messageRate: most,
  messageBurst: most,
  userMessageRate: most,
  userMessageBurst: most,
  frameRate: most,
  frameBurst: most,
  byteRate: most,
  byteBurst: most,
  acceptRate: most,
  acceptBurst: most,
  byteRatePerAddress: most,
  byteBurstPerAddress: most,
  sessionRatePerAddress: most,
  sessionBurstPerAddress: most,
  acceptRatePerAddress: most,
  acceptBurstPerAddress: most,
  joinRatePerAddress: most,
  joinBurstPerAddress: most,
  createRatePerAddress: most,
  createBurstPerAddress: most,
  maxConnectionsPerAddress: 20_000,
}
