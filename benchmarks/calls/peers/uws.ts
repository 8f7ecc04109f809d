import type { Part } from '../../harness.ts'
import { listenUws } from '../../uws.ts'
import { packr, type Request } from '../hand-made.ts'
import { counters, place } from '../work.ts'

// The same as raw-ws on uWebSockets.js. Answers to messages that were read together leave in one write: it corks by itself in handlers.

export { connect } from './raw-ws.ts'

export async function serve(): Promise<Part> {
  const { port, close } = await listenUws({
    message(socket, message) {
      const [no, method, params]: Request = packr.unpack(Buffer.from(message))
      if (method === 'place') socket.send(packr.pack([no, place(params)]), true)
    },
  })
  return { ready: port, counters, close }
}
