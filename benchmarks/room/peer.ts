import type { Part } from '../harness.ts'
import type { Held, Rules } from './contract.ts'

/** A module in peers/: a server of rooms in which a game is played, and clients of it. */
export interface PeerModule {
  /**
   * The server, with its port as `ready`. Each tick applies the inputs that have come, and each patch tells everybody in the room what has
   * changed. It counts `ticks` of all rooms and `applied` inputs, as far as it knows of them. The command `late`, where there is one, yields
   * by how many milliseconds the ticks since it was last asked were late; `size` is told of how many bytes a patch is to be.
   */
  readonly serve: (rules: Rules) => Promise<Part>
  /** Connects a client that loads the server and does no more than its server demands. */
  readonly play: (place: Place, received: (bytes: number) => void) => Promise<Player>
  /** Connects a client as a program has it: it takes its inputs itself, and keeps a copy of the state. */
  readonly enter: (place: Place, program: Program) => Promise<Entered>
}

/** Where to play. */
export interface Place {
  readonly port: number
  readonly rules: Rules
  /** The room of that name. */
  readonly room: string
}

export interface Player {
  /** Sends an input, by a number that counts up from 1. */
  send(seq: number, held: Held): void
  close(): void
}

/** What a program does with the game. */
export interface Program {
  /** Called for each input, when it is made. */
  sample(): Held
  /** Called when the copy of the state has changed, with the mark in it. */
  seen(mark: number): void
}

export interface Entered {
  close(): void
}

/**
 * A program's client of those that take no inputs by themselves: it takes them by a timer. They come a little less often than ticks, so that
 * in the course of a few seconds they meet the ticks of the server at all distances: a program does not know when these are.
 */
export function sampling({ rules }: Place, program: Program, player: Player): Entered {
  const interval = (1000 / rules.tickRate) * 1.0037
  let due = performance.now() + Math.random() * interval
  let seq = 0
  let timer: NodeJS.Timeout
  const wake = (): void => {
    for (; due <= performance.now(); due += interval) player.send(++seq, program.sample())
    timer = setTimeout(wake, due - performance.now())
  }
  timer = setTimeout(wake, due - performance.now())
  return {
    close() {
      clearTimeout(timer)
      player.close()
    },
  }
}
