import type { Part } from '../../harness.ts'
import { moved, tickRate, type Moved } from './peer.ts'

/**
 * What all servers of events do alike: at each tick they tell the next one, while they are to.
 *
 * @param tell Sends an event to all clients, and says how many these are.
 */
export function telling(port: number | undefined, tell: (event: Moved) => number, close: () => void): Part {
  let n = 0
  let deliveries = 0
  let timer: NodeJS.Timeout | undefined
  const end = (): void => clearInterval(timer)
  return {
    ready: port,
    counters: () => ({ deliveries }),
    commands: {
      begin() {
        timer = setInterval(() => void (deliveries += tell(moved(n++))), 1000 / tickRate)
      },
      end,
    },
    close() {
      end()
      close()
    },
  }
}
