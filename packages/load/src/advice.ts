import { errorHelp, type ErrorCode } from '@junto/protocol'
import type { ErrorCount } from './messages.ts'

/** Which limits of the server many bots from one address meet, and by what sign. */
const limits: readonly (readonly [pattern: RegExp, names: string])[] = [
  [
    /too_many_connections|response: 429/,
    'maxConnectionsPerAddress, acceptRatePerAddress, acceptBurstPerAddress, and maxConnectionsPerUser if the bots share a user',
  ],
  [/response: 503|overloaded/, 'maxConnections, acceptRate, acceptBurst'],
  [
    /flooding/,
    'sessionRatePerAddress, sessionBurstPerAddress for many bots; messageRate, frameRate for one that says much',
  ],
  [
    /^join .*rate_limited/,
    'joinRatePerAddress, joinBurstPerAddress, createRatePerAddress, createBurstPerAddress; joinRatePerUser, createRatePerUser if the bots share a user',
  ],
  [/too_many_rooms/, 'maxRoomsPerAddress, maxRooms; maxRoomsPerUser if the bots share a user'],
  [/rate_limited/, 'messageRate, messageBurst; userMessageRate if the bots share a user'],
  [/room_full/, 'maxMembers of the room type, or spread the bots over more rooms'],
]

/** What to do about a kind of error, where something is known. */
export function adviceOn({ text, code, declared }: ErrorCount): string | undefined {
  if (declared) return undefined
  const [, names] = limits.find(([pattern]) => pattern.test(text)) ?? []
  if (names !== undefined) return `for the test, raise on the server: ${names}`
  // A misuse says by itself what to do.
  return code !== undefined && code !== 'misuse' && isCode(code) ? errorHelp[code].fix : undefined
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorHelp, code)
}
