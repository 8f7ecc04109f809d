import type { OpenSocket } from '@junto/client'
import type { Clock } from '@junto/protocol'

/** Milliseconds for a server to answer at all. */
const patience = 10_000

/** Whether a server answers, so that a wrong address is told once, and not by each bot. Returns what is wrong, and what to do. */
export function reach(url: string, open: OpenSocket, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    let isOver = false
    const end = (fault: string | undefined): void => {
      if (isOver) return
      isOver = true
      cancel()
      resolve(fault)
    }
    const cancel = clock.after(patience, () => {
      end(`${url} does not answer within ${patience / 1_000} s. Is a firewall in between?`)
    })
    const socket = open(url, 'junto.v1', {
      open: () => {
        socket.close()
        end(undefined)
      },
      message: () => {},
      close: (code, reason) => end(`${url} cannot be reached: ${reason || `closed with ${code}`}. ${adviceOn(reason)}`),
    })
  })
}

function adviceOn(reason: string): string {
  if (/ECONNREFUSED/.test(reason)) return 'Is the server running, and on this port?'
  if (/ENOTFOUND|EAI_AGAIN/.test(reason)) return 'Is the name right?'
  if (/response: 404/.test(reason))
    return 'Something answers there, but not at this path: a server that shares its port may have one, ws://…/live.'
  if (/response: (401|403)/.test(reason))
    return 'The server refuses it before any credentials: see its origins and addresses.'
  if (/response: (429|503)/.test(reason)) return 'The server takes no more connections at the moment.'
  if (/response|subprotocol|HTTP/i.test(reason)) return 'What answers there is no Junto server.'
  if (/hang up/.test(reason)) return 'It ends connections at once. Does it want wss://?'
  if (/certificate|SSL|TLS|EPROTO/i.test(reason))
    return 'wss:// needs a certificate that Node trusts (NODE_EXTRA_CA_CERTS); ws:// none.'
  return 'Is the address right?'
}
