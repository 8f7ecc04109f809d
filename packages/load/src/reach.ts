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
      close: (code, reason) => end(`${url} cannot be reached: ${explained(url, reason || `closed with ${code}`)}`),
    })
  })
}

/** What happened in plain words, and what to try. `other` is the address with the other scheme. */
type Fault = (to: { readonly host: string; readonly hostname: string; readonly other: string }) => string

const trust = 'For a test, trust it: NODE_EXTRA_CA_CERTS=certificate.pem npx junto-load …'

/** By what a socket says when it does not open. The first that fits counts. */
const faults: readonly (readonly [sign: RegExp, fault: Fault])[] = [
  [/ECONNREFUSED/, ({ host }) => `nothing listens at ${host}. Is the server running, and on this port?`],
  [/ENOTFOUND|EAI_AGAIN/, ({ hostname }) => `no address is known for the name '${hostname}'. Is the name right?`],
  [/EHOSTUNREACH|ENETUNREACH/, ({ hostname }) => `no network leads from here to ${hostname}. Is it up?`],
  [/wrong version number|packet length too long/, ({ other }) => `what listens there does not speak TLS. Try ${other}`],
  [
    /before secure TLS connection/,
    ({ other }) => `the connection was ended before TLS began. Does the server have TLS? If not, try ${other}`,
  ],
  [/hang up|ECONNRESET/, ({ other }) => `the connection was ended at once. If the server has TLS, try ${other}`],
  [/self.signed/i, () => `its certificate is signed by itself, which Node does not trust. ${trust}`],
  [
    /unable to (verify|get).*(certificate|issuer)/,
    () => `nobody whom Node trusts has signed its certificate. ${trust}`,
  ],
  [/certificate has expired/, () => 'its certificate has expired. Renew it.'],
  [/does not match certificate/, () => 'its certificate is for other names. Use one of them in --url.'],
  [
    /response: 404/,
    () => 'something answers there, but not at this path. A server that shares its port may have one: ws://…/live',
  ],
  [
    /response: 400/,
    ({ other }) =>
      `something answers there, but takes no WebSocket at this path. Is the path right? If the server has TLS, try ${other}`,
  ],
  [/response: 30\d/, () => 'what answers there refers to another address. Use that one.'],
  [/response: 40[13]/, () => 'the server refuses it before any credentials: see its origins and addresses.'],
  [/response: (429|503)/, () => 'the server takes no more connections at the moment.'],
  [/response: 50[24]/, () => 'a proxy answers there, behind which no server does. Is the server running?'],
  [/response|subprotocol|HTTP/i, () => 'what answers there is no Junto server. Are port and path right?'],
]

function explained(address: string, reason: string): string {
  const { host, hostname } = new URL(address)
  const other = address.replace(/^ws(s?):/i, (_, secure: string) => (secure === '' ? 'wss:' : 'ws:'))
  const [, fault] = faults.find(([sign]) => sign.test(reason)) ?? []
  if (fault === undefined) return `${reason.trim()}. Is the address right?`
  return fault({ host, hostname, other })
}
