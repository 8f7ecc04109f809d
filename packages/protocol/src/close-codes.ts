import { clientCloseCodes, firstFinal } from './closing.ts'

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

function closeCode<C extends number>(code: C, name: string, meaning: string): CloseCode & { readonly code: C } {
  return { code, name, reconnect: code < firstFinal, meaning }
}

function own<C extends number>(
  { code, name }: { readonly code: C; readonly name: string },
  meaning: string,
): CloseCode & { readonly code: C } {
  return closeCode(code, name, meaning)
}

/** The close codes of Junto by name. 4000–4499: the client comes back, with backoff; 4500–4999: it does not. */
export const closeCodes = {
  shuttingDown: closeCode(4000, 'shutting_down', 'The server stops or restarts.'),
  helloTimeout: closeCode(4001, 'hello_timeout', 'No hello came in time.'),
  silent: own(clientCloseCodes.silent, 'Nothing came for too long: the link is dead.'),
  tooSlow: closeCode(4003, 'too_slow', 'The peer reads more slowly than it is sent to.'),
  authTimeout: closeCode(4004, 'auth_timeout', 'Checking the credentials took too long, or failed.'),
  overloaded: closeCode(4005, 'overloaded', 'The server takes no more connections now.'),
  internal: closeCode(4006, 'internal', 'The closing side failed.'),
  sessionLost: own(
    clientCloseCodes.sessionLost,
    'The session is not known by this secret, or cannot go on: begin another.',
  ),
  flooding: closeCode(4008, 'flooding', 'Messages came faster than allowed.'),
  suspended: own(clientCloseCodes.suspended, 'The page was put aside; it resumes when it is shown again.'),
  badMessage: own(clientCloseCodes.badMessage, 'What came is no message of this protocol.'),
  unauthorized: closeCode(4501, 'unauthorized', 'The credentials are missing, wrong or expired.'),
  abuse: closeCode(4502, 'abuse', 'The peer went on making errors.'),
  replaced: closeCode(4503, 'replaced', 'Another connection took over the session.'),
  incompatible: closeCode(4504, 'incompatible', 'The versions of the protocol do not fit.'),
  forbidden: closeCode(4505, 'forbidden', 'The server refuses this origin, address or user.'),
} satisfies Record<string, CloseCode>

/** Name of a close code in {@link closeCodes}. */
export type CloseCodeName = keyof typeof closeCodes
