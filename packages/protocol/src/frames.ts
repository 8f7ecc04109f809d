import type * as FrameType from './frame-type.ts'

/** The first frame of a connection: who comes, and what it accepts. */
export interface HelloFrame {
  readonly type: typeof FrameType.hello
  /** Chosen by the client: 32 hex signs. */
  readonly session: string
  /** Chosen by the client: 32 hex signs, by which only it can resume the session. Without one the session ends with its connection. */
  readonly secret?: string | undefined
  /** Credentials, for the application to judge. */
  readonly auth?: unknown
  /** Name and version of the client's program, for logs. */
  readonly client?: string | undefined
  /** The largest message the client accepts, in bytes. */
  readonly maxMessage?: number | undefined
  /** The largest frame the client accepts, in bytes. */
  readonly maxFrame?: number | undefined
  /** There when the session may have begun on an earlier connection. */
  readonly resume?: ResumeRequest | undefined
}

/** With what a client comes back to its session. */
export interface ResumeRequest {
  /** The secret that replaces the present one: 32 hex signs. */
  readonly next: string
  /** Numbered frames of the server that the client has taken; undefined when it has forgotten all, as a reloaded page has. */
  readonly received?: number | undefined
  /** The number of the first numbered frame that the client can still send: its oldest kept one, or the next. Default: 1. */
  readonly from?: number | undefined
  /** The rooms of which the client holds the state, each with the state's epoch (16 hex signs) and version. */
  readonly rooms?: readonly HeldState[] | undefined
}

/** The state that a client holds of a room. */
export type HeldState = readonly [ref: number, epoch: string, version: number]

/** The answer to a hello. */
export interface WelcomeFrame {
  readonly type: typeof FrameType.welcome
  readonly session: string
  /** The largest message the server accepts, in bytes. */
  readonly maxMessage: number
  /** The largest frame the server accepts, in bytes. */
  readonly maxFrame: number
  /** Milliseconds between beats. */
  readonly heartbeat: number
  /** Milliseconds from what the server sends to the next beat, at most. */
  readonly activeHeartbeat: number
  /** Milliseconds for which the session outlives its connection. */
  readonly resumeWindow: number
  /** Messages that the server takes from the session a second. */
  readonly messageRate: number
  /** There when the session was found; else it is new, whatever the client had before. */
  readonly resumed?: Resumed | undefined
}

/** How a session goes on. */
export interface Resumed {
  /** Numbered frames of the client that the server has taken. */
  readonly received: number
  /** The rooms some of whose numbered frames are gone, and how many. */
  readonly resynced?: readonly MissedFrames[] | undefined
}

/** Numbered frames of a room that the client will never get. */
export type MissedFrames = readonly [ref: number, missed: number]

/** How a room is looked for; `list` asks for a list of rooms. */
export type JoinBy = 'open' | 'create' | 'join' | 'joinOrCreate' | 'code' | 'list'

/** Asks to become a member of a room. */
export interface JoinFrame {
  readonly type: typeof FrameType.join
  /** The number this client gives to the membership, above 0. */
  readonly ref: number
  readonly by: JoinBy
  /** Name of the contract. */
  readonly room: string
  readonly key?: string | undefined
  /** The room's id, or its join code. */
  readonly id?: string | undefined
  readonly where?: unknown
  /** The contract's join data, a map by name. */
  readonly join?: unknown
  /** The contract's options, a map by name. */
  readonly options?: unknown
  /** Version of the contract, given by clients that hold it as a type only. */
  readonly version?: number | undefined
  /** Hashes of the layouts the client holds. */
  readonly layouts?: readonly string[] | undefined
  /** By what the rooms that fit are put in order: one field of their metadata, or `members`. */
  readonly order?: Readonly<Record<string, 'asc' | 'desc'>> | undefined
  /** The most rooms in a list. */
  readonly limit?: number | undefined
}

/** A join of which only the ref can be used. It concerns one room, so that the others of its connection go on. */
export interface UnfitJoinFrame {
  readonly type: typeof FrameType.unfitJoin
  readonly ref: number
  /** What is wrong in it. */
  readonly fault: string
}

/** A completed join. The room's snapshot follows in the same turn. */
export interface JoinedFrame {
  readonly type: typeof FrameType.joined
  readonly ref: number
  readonly room: string
  readonly id: string
  readonly key?: string | undefined
  /** Id of the new member. */
  readonly member: string
  /** Hash of the room's layout, 16 hex signs. */
  readonly layout: string
  /** The layout itself, unless the client named its hash. */
  readonly definition?: unknown
  /** The session has its former seat again: it had one in the room, which the client had forgotten. */
  readonly kept?: true | undefined
  /** Milliseconds from one tick of the room to the next; undefined in a room that does not tick. */
  readonly tick?: number | undefined
  /** Milliseconds from one patch to the next, at least; undefined where each change leaves with the turn that made it. */
  readonly patch?: number | undefined
  /** A tick for which no input of the member has come takes its last one again, and drops the one that comes late; undefined: that is made up for. */
  readonly repeats?: true | undefined
  /** Bytes that the value of a presence may have; undefined in a room without any. */
  readonly presence?: number | undefined
}

/** A join that failed. */
export interface RefusedFrame {
  readonly type: typeof FrameType.refused
  readonly ref: number
  readonly code: string
  readonly message: string
  readonly data?: unknown
}

/** Ends a membership; always answered by left. */
export interface LeaveFrame {
  readonly type: typeof FrameType.leave
  readonly ref: number
}

/** A membership has ended; its ref is free. */
export interface LeftFrame {
  readonly type: typeof FrameType.left
  readonly ref: number
  readonly reason: string
  readonly message?: string | undefined
}

/** A sign of life with the server's time. */
export interface BeatFrame {
  readonly type: typeof FrameType.beat
  /** Milliseconds since 1970. */
  readonly time: number
}

/** A piece of a large frame. */
export interface PartFrame {
  readonly type: typeof FrameType.part
  /** Whether more pieces follow. */
  readonly more: boolean
  readonly bytes: Uint8Array
}

/** An error that belongs to no call. */
export interface NoticeFrame {
  readonly type: typeof FrameType.notice
  readonly code: string
  readonly message: string
}

/** How many numbered frames of the other side were taken: it need not keep them any longer. */
export interface AckFrame {
  readonly type: typeof FrameType.ack
  readonly received: number
  /** Of a server whose client came back: all that it had missed stands before this. */
  readonly complete?: true | undefined
}

/** Asks for the server's time, and measures the way to it. */
export interface ProbeFrame {
  readonly type: typeof FrameType.probe
  /** Milliseconds, by any clock of the client. */
  readonly time: number
}

/** Answers a probe at once. */
export interface EchoFrame {
  readonly type: typeof FrameType.echo
  /** That of the probe. */
  readonly time: number
  /** Milliseconds since 1970. */
  readonly serverTime: number
}

/** A reliable event. */
export interface EventFrame {
  readonly type: typeof FrameType.event
  readonly id: number
  readonly payload: unknown
}

/** When a call settles at its caller: once its effects are visible there, or as soon as the reply is. */
export type Settle = 'visible' | 'reply'

/** Opens a call. */
export interface CallFrame {
  readonly type: typeof FrameType.call
  readonly no: number
  readonly id: number
  readonly params: unknown
  /** Milliseconds from arrival until the caller no longer waits; 0: for ever. */
  readonly timeout: number
  readonly settle: Settle
}

/** Ends a call well. */
export interface ReplyFrame {
  readonly type: typeof FrameType.reply
  readonly no: number
  readonly result: unknown
}

/** Ends a call or a stream badly. */
export interface FailedFrame {
  readonly type: typeof FrameType.failed
  readonly no: number
  /** A code of the framework, or the index of a declared error. */
  readonly code: string | number
  readonly message: string
  readonly data?: unknown
}

/** The one who opened a call or stream no longer wants it. */
export interface CancelFrame {
  readonly type: typeof FrameType.cancel
  readonly no: number
}

/** Opens a stream. */
export interface StreamFrame {
  readonly type: typeof FrameType.stream
  readonly no: number
  readonly id: number
  readonly params: unknown
  /** How many items may be sent. */
  readonly credit: number
}

/** An item of a stream. */
export interface ItemFrame {
  readonly type: typeof FrameType.item
  readonly no: number
  readonly item: unknown
}

/** Ends a stream well. */
export interface EndFrame {
  readonly type: typeof FrameType.end
  readonly no: number
}

/** Allows so many more items. */
export interface CreditFrame {
  readonly type: typeof FrameType.credit
  readonly no: number
  readonly credit: number
}

/** What changed in the room's state. */
export interface PatchFrame {
  readonly type: typeof FrameType.patch
  readonly bytes: Uint8Array
}

/** The room's whole state. */
export interface SnapshotFrame {
  readonly type: typeof FrameType.snapshot
  readonly bytes: Uint8Array
}

/** Lets a client compare its copy of the state with the server's. */
export interface CheckFrame {
  readonly type: typeof FrameType.check
  /** The version of which this is said: the client's, when it has taken what came before. */
  readonly version: number
  /** The nodes in question: those with ids from here on, as far as the member sees them. */
  readonly first: number
  readonly count: number
  readonly hash: number
}

/** Asks for a snapshot, by a client whose copy of the state is damaged. */
export interface ResyncFrame {
  readonly type: typeof FrameType.resync
}

/** An event that may be replaced or dropped on its way: of the delivery `latest` or `volatile`. */
export interface LooseFrame {
  readonly type: typeof FrameType.loose
  readonly id: number
  readonly payload: unknown
}

/** What a member shows of itself from now on, in the place of all before. */
export interface PresenceFrame {
  readonly type: typeof FrameType.presence
  /** By the presence type of the layout; null: nothing. */
  readonly value: unknown
  /** Milliseconds from its arrival for which it is shown, unless there is a newer one; undefined: as long as the member is there. */
  readonly expires?: number | undefined
}

/** What members show of themselves. */
export interface PresencesFrame {
  readonly type: typeof FrameType.presences
  readonly entries: readonly PresenceEntry[]
  /** These are all: what the client has of others is gone. */
  readonly whole?: true | undefined
}

/** What one member shows; null: nothing any more. */
export type PresenceEntry = readonly [member: string, value: unknown]

/** What a member's player does, from one tick to the next. */
export interface InputsFrame {
  readonly type: typeof FrameType.inputs
  /** The number of the first: the inputs of a membership are counted upward. */
  readonly first: number
  /** Milliseconds since 1970 by the server's clock, as far as the client could tell when the first was made. Each further one is a tick later. */
  readonly at: number
  /** Milliseconds from the moment of the room that the player was shown to `at`; undefined when it is not known. */
  readonly behind?: number | undefined
  /** By the input type of the layout; at most `mostInputs`. */
  readonly payloads: readonly unknown[]
}

/** How far the room has come, of which the patch or snapshot behind it is said: the same for all but the last three, which concern the member alone. */
export interface StampFrame {
  readonly type: typeof FrameType.stamp
  /** Ticks of the room so far; 0 in one that does not tick. */
  readonly tick: number
  /** Milliseconds since 1970: the moment of that tick, or of what was said last. */
  readonly time: number
  /** The number of the member's last mutation that was handled; 0: none was. */
  readonly mutation: number
  /** The number of the member's last input that was applied; 0: none was. */
  readonly input: number
  /** Inputs of the member that have come and wait for their ticks. */
  readonly waiting: number
  /** No patch or snapshot of which it is said stands behind it: the state is as it was. */
  readonly alone?: true | undefined
}

/** A frame of a type that this side does not know. */
export interface UnknownFrame {
  readonly type: typeof FrameType.unknown
  readonly wireType: number
}

/** Frames that concern the session: they stand at room 0. */
export type SessionFrame =
  | HelloFrame
  | WelcomeFrame
  | JoinFrame
  | JoinedFrame
  | RefusedFrame
  | LeaveFrame
  | LeftFrame
  | BeatFrame
  | PartFrame
  | NoticeFrame
  | AckFrame
  | ProbeFrame
  | EchoFrame

/** Frames of calls and streams. */
export type ExchangeFrame =
  CallFrame | ReplyFrame | FailedFrame | CancelFrame | StreamFrame | ItemFrame | EndFrame | CreditFrame

/** Frames that concern a room: they stand behind its number. */
export type RoomFrame =
  | EventFrame
  | LooseFrame
  | ExchangeFrame
  | PatchFrame
  | SnapshotFrame
  | CheckFrame
  | ResyncFrame
  | PresenceFrame
  | PresencesFrame
  | InputsFrame
  | StampFrame

/** A frame that can be sent. */
export type SentFrame = SessionFrame | RoomFrame

/** Any frame that can arrive, told apart by `type`. */
export type Frame = SentFrame | UnknownFrame | UnfitJoinFrame
