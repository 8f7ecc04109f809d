import { JuntoClient, type JoinedRoom } from '@junto/client'
import { Arena } from '../contract.ts'
import type { Caller } from '../peer.ts'
import { isMoved } from './peer.ts'

// Junto with its own client.

export { serve } from './junto.ts'

export async function enter(
  port: number,
  key = 'arena',
): Promise<{ client: JuntoClient; room: JoinedRoom<typeof Arena> }> {
  const client = new JuntoClient({ url: `ws://127.0.0.1:${port}` })
  return { client, room: await client.open(Arena, { key }) }
}

/** A client whose calls write, and do not wait for the patch. */
export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const { client, room } = await enter(port)
  let closed = false
  const move = async (n: number): Promise<void> => {
    const x = await room.call.move({ x: n }, { settle: 'reply' })
    if (x !== n) throw new Error(`call ${n} was answered with ${x}`)
    answered(n)
  }
  return {
    call(n) {
      move(n).catch((error: unknown) => {
        if (!closed) throw error
      })
    },
    close() {
      closed = true
      void client.close()
    },
  }
}

export async function watch(port: number, received: (n: number) => void): Promise<{ close(): void }> {
  const { client, room } = await enter(port)
  room.on('moved', (payload) => {
    if (!isMoved(payload)) throw new Error(`this came: ${JSON.stringify(payload)}`)
    received(payload.n)
  })
  return { close: () => void client.close() }
}
