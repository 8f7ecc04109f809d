import { type AnyContract } from '@junto/schema'
import {
  compileLayout,
  encodeLayout,
  layoutOf,
  MirrorTree,
  StateTree,
  type CompiledLayout,
  type Viewer,
} from '@junto/schema/internal'
import { SeededRandom, VirtualClock } from '@junto/testing'
import {
  FrameType,
  isNumbered,
  type Frame,
  type HelloFrame,
  type JoinFrame,
  type MissedFrames,
  type SentFrame,
  type WelcomeFrame,
} from '@junto/protocol/internal'
import type { JuntoClientOptions } from '../client-options.ts'
import { JuntoClient } from '../client.ts'
import { ScriptedSockets, type ScriptedSocket } from '../sockets/scripted-socket.fixture.ts'
import type { Warning } from '../warnings.ts'
import { Whiteboard } from '../whiteboard.fixture.ts'

/** A plain whiteboard, as a server would begin with. */
export const emptyBoard = { title: 'Team A', strokes: {}, order: [] }

/** What a test opens a whiteboard with. */
export const opening = { key: 'team-a', join: { name: 'Ada' }, options: { title: 'Team A' } }

/** A server that the test plays, with one whiteboard. The client under test and its clock come along. */
export class ScriptedServer {
  readonly clock = new VirtualClock()
  readonly sockets = new ScriptedSockets()
  readonly warnings: Warning[] = []
  readonly client: JuntoClient
  contract: AnyContract
  layout: CompiledLayout
  tree: StateTree
  /** The room's id, and how many have joined. */
  roomId = 'r1'
  members = 0
  /** What it has told of the client's numbered frames, and which connection began with that. */
  #told = { received: 0, connection: 0 }
  #epochs = 0
  #viewer: Viewer

  constructor(
    options: Partial<JuntoClientOptions> = {},
    contract: AnyContract = Whiteboard,
    first: unknown = emptyBoard,
  ) {
    this.contract = contract
    this.layout = compileLayout(layoutOf(contract))
    this.tree = this.#grow(first)
    this.#viewer = this.tree.viewer()
    this.client = new JuntoClient({
      url: 'ws://junto.test',
      socket: this.sockets.open,
      clock: this.clock,
      random: new SeededRandom(1),
      onWarning: (warning) => this.warnings.push(warning),
      ...options,
    })
  }

  get socket(): ScriptedSocket {
    return this.sockets.last
  }

  /** The state, to be written to. Typed by the test. */
  get state(): unknown {
    return this.tree.root
  }

  /** The server was restarted: another epoch, and possibly another contract. */
  restart(first: unknown = this.tree.toPlain(), contract: AnyContract = this.contract): void {
    this.contract = contract
    this.layout = compileLayout(layoutOf(contract))
    this.tree = this.#grow(first)
    this.#viewer = this.tree.viewer()
    this.roomId = `r${this.#epochs}`
  }

  /** Frames of a type that came over the present socket. */
  received<T extends Frame['type']>(type: T): Extract<Frame, { type: T }>[] {
    return this.socket.frames
      .map(([, frame]) => frame)
      .filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type)
  }

  /** The join that came last over the present socket. */
  get lastJoin(): JoinFrame {
    const join = this.received(FrameType.join).at(-1)
    if (join === undefined) throw new Error('no join came')
    return join
  }

  /** The hello of the present connection. */
  get hello(): HelloFrame {
    const [hello] = this.received(FrameType.hello)
    if (hello === undefined) throw new Error('the first message holds no hello')
    return hello
  }

  /** How many numbered frames of the client a server would have taken by now. */
  get taken(): number {
    const since = this.sockets.all.slice(this.#told.connection)
    return this.#told.received + since.flatMap(({ frames }) => frames).filter(([, frame]) => isNumbered(frame)).length
  }

  /** Takes the connection, without answering the joins. To a hello that resumes it says that it does not know the session. */
  accept(): void {
    this.socket.accept()
    this.#tell(0)
    this.socket.say([0, welcomeTo(this.hello)])
  }

  /** Takes the connection and every join that came with it. */
  acceptAll(): void {
    this.accept()
    for (const join of this.received(FrameType.join)) this.admit(join)
  }

  /** Takes the connection of a client that comes back, does not know its session, and admits it everywhere anew. */
  async acceptAnew(): Promise<void> {
    this.accept()
    await this.clock.settle()
    for (const join of this.received(FrameType.join)) this.admit(join)
  }

  /**
   * Takes the connection of a client that comes back, and goes on with its session.
   *
   * @param received How many numbered frames of the client have arrived. By default all that left.
   * @param states The states that its rooms lack.
   * @param replayed What it lacks besides.
   */
  resume({
    received = this.taken,
    resynced,
    states = [],
    replayed = [],
    messages = 1,
  }: {
    readonly received?: number
    readonly resynced?: readonly MissedFrames[]
    readonly states?: readonly (readonly [number, SentFrame])[]
    readonly replayed?: readonly (readonly [number, SentFrame])[]
    /** 2: what is replayed comes in a message of its own, as behind a large state. */
    readonly messages?: 1 | 2
  } = {}): void {
    this.#tell(received)
    this.socket.accept()
    const ack: SentFrame = { type: FrameType.ack, received, complete: true }
    const welcome = { ...welcomeTo(this.hello), resumed: { received, resynced } }
    if (messages === 2) this.socket.say([0, welcome], ...states)
    this.socket.say(...(messages === 2 ? [] : [[0, welcome] as const, ...states]), ...replayed, [0, ack])
  }

  /** Admits a join: the joined frame and the snapshot, in one message. */
  admit(join: JoinFrame): void {
    this.socket.say(this.joined(join), this.snapshot(join.ref))
  }

  /** What joined frames say of presences. */
  mostPresence: number | undefined

  /** The joined frame that answers a join. */
  joined(join: JoinFrame): readonly [number, SentFrame] {
    const { hash, layout } = this.layout
    const definition = join.layouts?.includes(hash) === true ? undefined : encodeLayout(layout)
    const { ref, room, key } = join
    return [
      0,
      {
        type: FrameType.joined,
        ref,
        room,
        id: this.roomId,
        key,
        member: `m${++this.members}`,
        layout: hash,
        definition,
        presence: this.mostPresence,
      },
    ]
  }

  /** The room's whole state. */
  snapshot(ref: number): readonly [number, SentFrame] {
    return [ref, { type: FrameType.snapshot, bytes: this.tree.snapshot() }]
  }

  /** The frame that says that a membership is over. */
  left(ref: number, reason = 'left', message?: string): readonly [number, SentFrame] {
    return [0, { type: FrameType.left, ref, reason, message }]
  }

  /** What was written to the state since the last one. */
  patch(ref: number): readonly [number, SentFrame] {
    this.#viewer.resume(this.tree.epoch, this.tree.version)
    if (!this.tree.close()) throw new Error('nothing was written')
    const bytes = this.#viewer.take()?.bytes ?? new Uint8Array()
    return [ref, { type: FrameType.patch, bytes }]
  }

  /** What a client's mirror that is right has as the hash of these nodes. */
  hash(first: number, count: number): number {
    const mirror = new MirrorTree(this.layout)
    mirror.applySnapshot(this.tree.snapshot())
    return mirror.hash(first, count)
  }

  #tell(received: number): void {
    this.#told = { received, connection: this.sockets.all.length - 1 }
  }

  #grow(first: unknown): StateTree {
    return StateTree.create(this.layout, this.contract, first, { epoch: String(++this.#epochs).padStart(16, '0') })
  }
}

/** The answer of a server with the limits that are the default. */
export function welcomeTo({ session }: Pick<HelloFrame, 'session'>): WelcomeFrame {
  return {
    type: FrameType.welcome,
    session,
    maxMessage: 65_536,
    maxFrame: 262_144,
    heartbeat: 15_000,
    activeHeartbeat: 5_000,
    resumeWindow: 60_000,
    messageRate: 500,
  }
}
