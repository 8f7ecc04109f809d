/** Why a connection was closed, and what a client does then. */
export interface CloseCode {
  /** The WebSocket close code. */
  readonly code: number
  /** Its name, also sent as the close reason. */
  readonly name: string
  /** Whether a client comes back by itself: always so for 4000 to 4499, never for 4500 to 4999. */
  readonly reconnect: boolean
  /** What happened. */
  readonly meaning: string
}

/** The close codes of Junto by name. 4000–4499: the client comes back, with backoff; 4500–4999: it does not. */
export const closeCodes = {
  shuttingDown: {
    code: 4000,
    name: 'shutting_down',
    reconnect: true,
    meaning: 'The server is stopping or restarting.',
  },
  helloTimeout: {
    code: 4001,
    name: 'hello_timeout',
    reconnect: true,
    meaning: 'No complete hello came within the deadline after the connection was made.',
  },
  silent: {
    code: 4002,
    name: 'silent',
    reconnect: true,
    meaning: 'Nothing came from the peer for longer than an interval and a wait: the link is dead.',
  },
  tooSlow: {
    code: 4003,
    name: 'too_slow',
    reconnect: true,
    meaning: 'The peer reads more slowly than it is sent to, and too much is waiting for it.',
  },
  authTimeout: {
    code: 4004,
    name: 'auth_timeout',
    reconnect: true,
    meaning: 'Checking the credentials took too long.',
  },
  overloaded: {
    code: 4005,
    name: 'overloaded',
    reconnect: true,
    meaning: 'The server has no room for another connection now.',
  },
  internal: {
    code: 4006,
    name: 'internal',
    reconnect: true,
    meaning: 'The closing side failed in a way that ended this connection.',
  },
  badMessage: {
    code: 4500,
    name: 'bad_message',
    reconnect: false,
    meaning: 'The peer sent what is no message of this protocol.',
  },
  unauthorized: {
    code: 4501,
    name: 'unauthorized',
    reconnect: false,
    meaning: 'The credentials were missing, wrong or no longer valid.',
  },
  abuse: {
    code: 4502,
    name: 'abuse',
    reconnect: false,
    meaning: 'The peer went on after it had been told of its errors many times.',
  },
  replaced: {
    code: 4503,
    name: 'replaced',
    reconnect: false,
    meaning: 'Another connection took over the session.',
  },
  incompatible: {
    code: 4504,
    name: 'incompatible',
    reconnect: false,
    meaning: 'The two sides speak versions of the protocol that do not fit.',
  },
  forbidden: {
    code: 4505,
    name: 'forbidden',
    reconnect: false,
    meaning: 'A policy of the server refuses this client: its origin, its address, its user.',
  },
} as const satisfies Record<string, CloseCode>

/** Name of a close code in {@link closeCodes}. */
export type CloseCodeName = keyof typeof closeCodes

// What stacks and proxies close with. The rest of 1000–3999 counts as an accident: come back.
const finalStandardCodes = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010])

/** Whether a client comes back by itself after a connection closed with this code. */
export function reconnectsAfter(code: number): boolean {
  if (code >= 4500) return false
  return !finalStandardCodes.has(code)
}
