import { JuntoClient, optimistic, type OpenSocket } from '@junto/client'
import { WebSocket } from 'ws'
import type { Part } from '../../harness.ts'
import { Board, boardMutators, idOf } from './contract.ts'

/** How many edits are not confirmed, and how many patches are to come meanwhile. */
export interface Rebasing {
  readonly pending: number
  readonly patches: number
}

/** A client of a board, whose messages can be held back: then nothing that it does is confirmed. */
export async function edit(port: unknown): Promise<Part> {
  let held: Uint8Array[] | undefined
  let times: number[] = []
  let arrived = (): void => {}
  let resume = (): void => {}
  const socket: OpenSocket = (url, subprotocol, events) => {
    const socket = new WebSocket(url, subprotocol, { perMessageDeflate: false })
    socket.on('open', () => events.open())
    socket.on('close', (code, reason) => events.close(code, reason.toString('utf8')))
    socket.on('message', (data: Buffer) => {
      const began = performance.now()
      events.message(data)
      times.push((performance.now() - began) * 1000)
      arrived()
    })
    resume = () => {
      for (const message of held?.splice(0) ?? []) socket.send(message)
      held = undefined
    }
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      // The bytes belong to the client.
      send: (message) => (held === undefined ? socket.send(message) : void held.push(message.slice())),
      close: (code, reason) => socket.close(code, reason),
    }
  }
  const client = new JuntoClient({ url: `ws://127.0.0.1:${Number(port)}`, socket })
  const room = await client.open(Board, { key: 'board', mutators: optimistic(boardMutators) })
  let n = 0

  /** µs of each patch that comes while so many edits are not confirmed. */
  async function rebase({ pending, patches }: Rebasing): Promise<number[]> {
    held = []
    const { moves } = room.state
    const edits = Array.from({ length: pending }, () => room.mutate.move({ id: idOf(++n), x: n % 1000, y: n % 777 }))
    if (room.state.moves !== moves + pending) throw new Error(`${room.state.moves - moves} of ${pending} edits show`)
    times = []
    while (times.length < patches) await new Promise<void>((resolve) => (arrived = resolve))
    const taken = times
    if (room.state.moves !== moves + pending) throw new Error('a patch has changed what is shown')
    resume()
    await Promise.all(edits)
    if (room.state.moves !== moves + pending)
      throw new Error(`the server has made ${room.state.moves - moves} moves of ${pending}`)
    return taken
  }

  return {
    commands: { rebase: (how) => rebase(how as Rebasing) }, // from measure.ts
    close: () => client.close(),
  }
}
