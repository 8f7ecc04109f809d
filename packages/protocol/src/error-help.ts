import type { ErrorCode } from './errors.ts'

/** What an error code means and what to do about it. */
export interface ErrorHelp {
  /** How it comes about. */
  readonly cause: string
  /** What a developer does about it. */
  readonly fix: string
}

/** Every code of a {@link JuntoError}, with cause and fix. In a file of its own: clients need not load the texts. */
export const errorHelp = {
  timeout: {
    cause: 'No answer came within the deadline of the call.',
    fix: 'Give the call a longer `timeout`, or make its handler faster; the handler sees its `signal` aborted.',
  },
  cancelled: {
    cause: 'The caller aborted its signal, ended the loop over a stream, or left the room.',
    fix: 'Nothing: this is what was asked for.',
  },
  disconnected: {
    cause:
      'It never arrived: there was no connection in time, too much waited already, the connection ended for good, or the room had ended before it came. It did not run.',
    fix: 'Try again when the connection is open; `retry()` of the connection state does not wait for the next attempt.',
  },
  outcome_unknown: {
    cause: 'The session was lost, or what was kept of it, while the call was under way: it may have run or not.',
    fix: 'Look at the state before repeating it, or declare the call `idempotent`.',
  },
  invalid: {
    cause: 'A value does not satisfy the contract; the message names its path.',
    fix: 'Send what the contract says at that path.',
  },
  unsupported: {
    cause: "The other side's contract has no such message, or nobody there answers it.",
    fix: 'Deploy the side that lacks it, or register the handler before the call can arrive.',
  },
  forbidden: {
    cause: 'A rule of the application or a policy of the server refused it.',
    fix: 'Ask for what this user may do; the message says which rule it was.',
  },
  rate_limited: {
    cause: 'Too many messages, calls under way or joins; `retryAfter` says when to come back, if known.',
    fix: 'Slow down, or raise the limit that the message names.',
  },
  too_large: {
    cause: 'A message is larger than the other side accepts in one frame, so it could never arrive.',
    fix: 'Send less at once (a stream, several calls), or raise `maxFrame` on the receiving side.',
  },
  internal: {
    cause: 'The code that should have answered failed.',
    fix: 'Look into the log of the side where it ran: the details are not sent.',
  },
  bad_message: {
    cause: 'The peer sent bytes that are no message of this protocol.',
    fix: 'Mend the peer: docs/protocol.md says what a message is; the message of the error cites the rule.',
  },
  unknown_frame: {
    cause: 'The peer sent a frame whose type this side does not know.',
    fix: 'Update the older side, or do not send it what it cannot know.',
  },
  not_joined: {
    cause: 'A frame came for a room that this connection has not joined, or has left.',
    fix: 'Join first, and send nothing after leaving.',
  },
  unauthorized: {
    cause: 'The credentials were missing, wrong or no longer valid.',
    fix: 'Give the client an `auth` that yields a valid token whenever it is asked.',
  },
  unknown_room: {
    cause: 'The server defines no room of this name.',
    fix: 'Call `server.define` with this contract, or correct the name.',
  },
  room_not_found: {
    cause: 'No room of this id, or of this join code, is open.',
    fix: 'Open or create one instead of joining.',
  },
  already_joined: {
    cause: 'This connection is a member of that room already.',
    fix: 'Use the room that was joined, or leave it first.',
  },
  room_full: {
    cause: 'The room has as many members as it allows.',
    fix: 'Try another room, or raise `maxMembers`.',
  },
  room_closed: {
    cause: 'The room is closing or was closed.',
    fix: 'Open it again; a room by key is restored then.',
  },
  room_failed: {
    cause:
      "The room's own code failed while it was created, restored or joined; or so often before that it is not made again for a while: `retryAfter` says for how long.",
    fix: "Look into the server's log.",
  },
  incompatible: {
    cause: "The client's contract and the server's differ in a way that is not additive; the message names the fields.",
    fix: 'Reload or update the older side.',
  },
  too_many_rooms: {
    cause: 'The connection, the user or the server has reached its number of rooms.',
    fix: 'Leave rooms that are no longer needed, or raise the limit that the message names.',
  },
  too_many_connections: {
    cause: 'The user is connected as often as the server allows.',
    fix: 'Close the other tabs or programs of this user, or raise the limit that the message names.',
  },
  overloaded: {
    cause: 'The server has not the memory for more rooms and members now.',
    fix: 'Come back later: `retryAfter` says when, if known. Add servers, or memory, or lower what one room holds.',
  },
  shutting_down: {
    cause: 'The server is stopping and takes nothing new.',
    fix: 'Come back: clients do so by themselves.',
  },
  unreachable: {
    cause: 'No connection to the server could be made.',
    fix: 'Check the address, the network and whether the server runs.',
  },
  store_failed: {
    cause: 'The store could not load or save a room.',
    fix: 'Check disk, permissions or the database; saving is tried again.',
  },
  misuse: {
    cause: 'The program uses Junto in a way that cannot work; the message says what to do instead.',
    fix: 'Follow the message.',
  },
} as const satisfies Record<ErrorCode, ErrorHelp>
