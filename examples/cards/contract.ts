import { call, defineRoom, event, t } from '@junto/schema'
import { cards, suits } from './rules.ts'

const Name = t.String({ minLength: 1, maxLength: 20 })
const Card = t.Enum(cards)
const Suit = t.Enum(suits)

/** A place at the table, by the id of the member who sits there. */
const Seat = t.Object({
  player: t.Owner(),
  name: Name,
  /** One of the four colours of players. */
  color: t.Uint8(),
  /** For the player of this seat alone: to nobody else is it sent. */
  hand: t.Visible('owner', t.Array(Card)),
  /** For everybody: how many these are. */
  held: t.Uint8(),
  /** Has cards in this round; who comes later waits for the next one. */
  playing: t.Boolean(),
  /** Their page is connected: who is not may be back in a moment. */
  here: t.Boolean(),
  /** Would like to begin the round again. */
  again: t.Boolean(),
  points: t.Uint16(),
})

/** How a round has ended. */
const Result = t.Object({
  /** Somebody is rid of the cards; or nobody can play or draw; or only one is left. */
  how: t.Enum(['won', 'blocked', 'left']),
  /** The name of who won, and their seat: two may have one name. */
  winner: t.Optional(Name),
  seat: t.Optional(t.String()),
  points: t.Uint16(),
  /** That was the last round: the winner has won the game. */
  game: t.Boolean(),
})

const notYourTurn = t.Object({
  /** Whose it is; empty when there is no round. */
  whose: t.String(),
})

/** A table of Wild Eights: everything that its server and its pages say to each other. */
export const Eights = defineRoom('wild-eights', {
  version: 1,
  options: t.Object({
    /** A table for friends: only who has its code finds it. */
    private: t.Boolean(),
  }),
  join: t.Object({ name: Name }),
  metadata: t.Object({ playing: t.Boolean() }),
  state: t.Object({
    /** The join code of this table. */
    code: t.String(),
    phase: t.Enum(['waiting', 'playing', 'over']),
    /** In the order in which they sit. */
    seats: t.Map(Seat),
    /** Whose turn it is; empty when there is no round. */
    turn: t.Id(Seat),
    /** The player whose turn it is has drawn a card. */
    drawn: t.Boolean(),
    /** When the turn is over. */
    deadline: t.Timestamp(),
    top: t.Optional(Card),
    suit: t.Optional(Suit),
    /** How many cards can be drawn, the played ones included, which are shuffled when the others are used up. */
    stock: t.Uint8(),
    result: t.Optional(t.Value(Result)),
  }),
  clientToServer: {
    /** Plays a card. An eight names the suit that has to follow. */
    play: call({
      params: t.Object({ card: Card, suit: t.Optional(Suit) }),
      errors: {
        not_your_turn: notYourTurn,
        card_not_held: t.Object({ card: Card }),
        card_not_playable: t.Object({ card: Card, top: Card, suit: Suit }),
        suit_missing: t.Object({ card: Card }),
      },
    }),
    /** Takes a card, once in a turn. There may be none left: then one may pass. */
    draw: call({
      result: t.Object({ drawn: t.Boolean() }),
      errors: { not_your_turn: notYourTurn, already_drawn: t.Object({}) },
    }),
    /** Ends the turn without a card played, after drawing. */
    pass: call({ errors: { not_your_turn: notYourTurn, draw_first: t.Object({}) } }),
    /**
     * Begins a round. While one is played, it begins anew once all who are here have asked for that: the result says whether it has.
     */
    deal: call({
      result: t.Object({ dealt: t.Boolean() }),
      errors: { too_few_players: t.Object({ needed: t.Uint8() }) },
    }),
  },
  serverToClient: {
    /** What has just happened, to be told: nothing depends on it. */
    happened: event(
      t.Object({
        what: t.Enum(['came', 'left', 'away', 'back', 'dealt', 'played', 'drew', 'passed', 'late', 'again']),
        who: Name,
        card: t.Optional(Card),
        suit: t.Optional(Suit),
      }),
    ),
  },
})
