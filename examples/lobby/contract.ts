import { call, defineRoom, event, t } from '@junto/schema'
import { bounds, kinds } from './chat.ts'

const Name = t.String({ minLength: 1, maxLength: bounds.name })
const Topic = t.String({ minLength: 1, maxLength: bounds.topic })
const Kind = t.Enum([...kinds])
/** Made up by a page, and hard to guess. */
const Token = t.String({ minLength: 10, maxLength: 24 })

/** Somebody who has a seat in the room. */
const Person = t.Object({
  name: Name,
  /** An index into the colours of people. */
  color: t.Uint8(),
  /** Whether their page is connected: who is not may be back in a moment. */
  here: t.Boolean(),
})

/** A line of the conversation. It keeps the name of who said it, who may be gone long since. */
const Message = t.Object({
  /** The member who said it, or whom it is about. */
  by: t.String(),
  name: t.String(),
  color: t.Uint8(),
  what: t.Enum(['said', 'opened', 'joined', 'left', 'locked', 'unlocked']),
  text: t.String(),
  at: t.Timestamp(),
})

/** A chat room: everything that its server and its pages say to each other. */
export const Chat = defineRoom('chat', {
  version: 1,
  options: t.Object({
    topic: Topic,
    kind: Kind,
    seats: t.Uint8({ minimum: bounds.seats.least, maximum: bounds.seats.most }),
    /** Found by its join code only. */
    secret: t.Boolean(),
    /** What the room is found by when its people come back to a server that has forgotten it. */
    mark: Token,
  }),
  join: t.Object({ name: Name }),
  /** What the lobby shows of a room, and what a list of rooms can be narrowed to. */
  metadata: t.Object({ topic: Topic, kind: Kind, mark: Token, opened: t.Timestamp() }),
  state: t.Object({
    topic: t.String(),
    kind: Kind,
    seats: t.Uint8(),
    mark: t.String(),
    /** The join code of a room that is found by that alone; empty for one that stands in the lobby. */
    code: t.String(),
    /** Nobody new comes in. */
    locked: t.Boolean(),
    /** The member who may lock the room. */
    host: t.String(),
    /** By member id. */
    people: t.Map(Person),
    /** By the id that its page gave to a message, in the order in which they were said: the newest, not more than `bounds.messages`. */
    messages: t.Map(Message),
  }),
  /** Shown by those who look at the room. It expires while they type, so that a page that stands still does not type for ever. */
  presence: t.Object({ typing: t.Boolean() }),
  clientToServer: {
    /** Saying a message twice, by its id, is the same as saying it once. */
    say: call({
      params: t.Object({ id: Token, text: t.String({ minLength: 1, maxLength: bounds.text }) }),
      limit: { rate: 2, burst: 8 },
      idempotent: true,
    }),
    lock: call({
      params: t.Object({ locked: t.Boolean() }),
      errors: { notHost: t.Object({ host: t.String() }) },
      idempotent: true,
    }),
    rename: event(Name),
  },
  serverToClient: {},
})
