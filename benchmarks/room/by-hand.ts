import { run, startOf, type GameName, type Held, type Runner } from './contract.ts'

// What servers written by hand say of the state: a flat list of numbers, four for each player that has moved. Places are whole centimetres and
// hundredths of a turn: few bytes, and quick to write and to read.

export type Input = [dx: number, dy: number, aim: number, mark: number]
export type Patch = [mark: number, changes: number[]]

export function inputOf({ dx, dy, aim, mark }: Held): Input {
  return [dx, dy, aim, mark]
}

export function heldIn([dx, dy, aim, mark]: Input): Held {
  return { dx, dy, aim, mark }
}

/** A player as the server knows it. */
interface Client {
  readonly no: number
  readonly runner: Runner
  waiting: Held[]
}

/** The players of one room, by their sockets. */
export class Crowd<S> {
  readonly clients = new Map<S, Client>()
  /** Inputs that were applied. */
  applied = 0
  mark = 0
  #joined = 0

  enter(socket: S): void {
    const no = this.#joined++
    this.clients.set(socket, { no, runner: startOf(no), waiting: [] })
  }

  /** Keeps an input for the next tick. */
  take(socket: S, held: Held): void {
    this.clients.get(socket)?.waiting.push(held)
  }

  tick(game: GameName, dt: number): void {
    for (const client of this.clients.values()) {
      for (const held of client.waiting) {
        run(game, client.runner, held, dt)
        if (held.mark !== 0) this.mark = held.mark
      }
      this.applied += client.waiting.length
      client.waiting = []
    }
  }

  /** Where all are: everybody moves. */
  patch(): Patch {
    const changes: number[] = []
    for (const { no, runner } of this.clients.values()) {
      changes.push(no, Math.round(runner.x * 100), Math.round(runner.y * 100), Math.round(runner.aim * 100))
    }
    return [this.mark, changes]
  }
}

/** A program's copy of the state. */
export class Mirror {
  readonly players = new Map<number, Runner>()
  mark = 0

  apply([mark, changes]: Patch): void {
    this.mark = mark
    for (let i = 0; i + 3 < changes.length; i += 4) {
      const no = changes[i]!
      let runner = this.players.get(no)
      if (runner === undefined) this.players.set(no, (runner = { x: 0, y: 0, aim: 0 }))
      runner.x = changes[i + 1]! / 100
      runner.y = changes[i + 2]! / 100
      runner.aim = changes[i + 3]! / 100
    }
  }
}
