// The numbers of the frame types, each a constant of its own: who imports this file as a namespace, and from here, bundles
// numbers and no table. 14 and 15 are free for the session.

/** Never sent: stands for a join that is refused, because it does not say what a join must. */
export const unfitJoin = -1
/** Never sent: stands for a frame whose type this side does not know. */
export const unknown = 0
export const hello = 1
export const welcome = 2
export const join = 3
export const joined = 4
export const refused = 5
export const leave = 6
export const left = 7
export const beat = 8
export const part = 9
export const notice = 10
export const ack = 11
export const probe = 12
export const echo = 13
export const event = 16
export const call = 17
export const reply = 18
export const failed = 19
export const cancel = 20
export const stream = 21
export const item = 22
export const end = 23
export const credit = 24
export const patch = 25
export const snapshot = 26
export const check = 27
export const resync = 28
export const loose = 29
export const presence = 30
export const presences = 31
export const inputs = 32
export const stamp = 33
