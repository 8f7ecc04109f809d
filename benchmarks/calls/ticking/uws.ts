import type { Part } from '../../harness.ts'
import { listenUws } from '../../uws.ts'
import { packr } from '../hand-made.ts'
import { moved, tickRate } from './peer.ts'

// The same as raw-ws on uWebSockets.js, with a topic that all clients subscribe to.

export { watch } from './raw-ws.ts'

const topic = 'moved'

export async function serve(): Promise<Part> {
  const { app, port, close } = await listenUws({ open: (socket) => void socket.subscribe(topic) })
  let n = 0
  let deliveries = 0
  let timer: NodeJS.Timeout | undefined
  return {
    ready: port,
    counters: () => ({ deliveries }),
    commands: {
      begin() {
        timer = setInterval(() => {
          app.publish(topic, packr.pack(['moved', moved(n++)]), true)
          deliveries += app.numSubscribers(topic)
        }, 1000 / tickRate)
      },
      end: () => clearInterval(timer),
    },
    close() {
      clearInterval(timer)
      close()
    },
  }
}
