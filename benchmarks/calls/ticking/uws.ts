import type { Part } from '../../harness.ts'
import { listenUws } from '../../uws.ts'
import { packr } from '../hand-made.ts'
import type { Moved } from './peer.ts'
import { telling } from './telling.ts'

// The same as raw-ws on uWebSockets.js, with a topic that all clients subscribe to.

export { watch } from './raw-ws.ts'

const topic = 'moved'

export async function serve(): Promise<Part> {
  const { app, port, close } = await listenUws({ open: (socket) => void socket.subscribe(topic) })
  const tell = (event: Moved): number => {
    app.publish(topic, packr.pack(['moved', event]), true)
    return app.numSubscribers(topic)
  }
  return telling(port, tell, close)
}
