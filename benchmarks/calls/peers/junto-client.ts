import { JuntoClient } from '@junto/client'
import { Board } from '../contract.ts'
import type { Caller } from '../peer.ts'
import { isAnswerTo, placement } from '../work.ts'

// Junto with its own client.

export { serve } from './junto.ts'

export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const client = new JuntoClient({ url: `ws://127.0.0.1:${port}` })
  const room = await client.open(Board, { key: 'calls' })
  const { place } = room.call
  const answer = async (n: number): Promise<void> => {
    const { id, distance } = await place(placement(n))
    if (!isAnswerTo(n, id, distance)) throw new Error(`call ${n} was answered with ${id}, ${distance}`)
    answered(n)
  }
  let closed = false
  return {
    call(n) {
      answer(n).catch((error: unknown) => {
        if (!closed) throw error
      })
    },
    close() {
      closed = true
      void client.close()
    },
  }
}
