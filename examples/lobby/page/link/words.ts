import { JuntoError } from '@junto/client'

/** Why somebody could not come in, or a room not be made, for people. `what`: the room, as they know it: "“Lunch”", "this room". */
export function whyNot(error: unknown, what: string): string {
  if (!(error instanceof JuntoError)) return error instanceof Error ? error.message : String(error)
  switch (error.code) {
    case 'room_full':
      return `All seats in ${what} are taken. It lets you in when somebody leaves.`
    case 'forbidden':
      return `${capital(what)} is locked: nobody new comes in at the moment.`
    case 'room_not_found':
    case 'room_closed':
      return `${capital(what)} is over, or has never been.`
    case 'rate_limited':
      return `That was a little fast. Please try again ${soon(error.retryAfter)}.`
    case 'too_many_rooms':
      return 'There are as many rooms as this server takes. Please come into one of them, or try again later.'
    case 'overloaded':
    case 'shutting_down':
      return `The server takes nobody new just now. Please try again ${soon(error.retryAfter)}.`
    case 'unreachable':
    case 'disconnected':
    case 'timeout':
      return 'The server cannot be reached just now.'
    case 'incompatible':
      return 'The lobby has become a newer one since this page was opened: please reload the page.'
    case 'already_joined':
      return `You are in ${what} already.`
    default:
      return error.message
  }
}

/** "in 3 s". */
export function soon(retryAfter: number | undefined): string {
  return retryAfter === undefined ? 'in a moment' : `in ${Math.max(1, Math.ceil(retryAfter / 1000))}\u00a0s`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
