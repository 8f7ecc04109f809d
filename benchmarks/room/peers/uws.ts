import type { WebSocket } from 'ws'
import type { Part } from '../../harness.ts'
import { packr } from '../../calls/hand-made.ts'
import { listenUws, type UwsSocket } from '../../uws.ts'
import { Crowd, heldIn, inputOf, Mirror, type Input, type Patch } from '../by-hand.ts'
import type { Rules } from '../contract.ts'
import { sampling, type Entered, type Place, type Player, type Program } from '../peer.ts'
import { openAt } from '../sockets.ts'
import { Steps } from '../steps.ts'

// By hand on uWebSockets.js and msgpackr: a patch is packed once and published. There are no limits, checks, sessions or acks, and one room.

const topic = 'game'

export async function serve(rules: Rules): Promise<Part> {
  const crowd = new Crowd<UwsSocket>()
  const { app, port, close } = await listenUws({
    open(socket) {
      crowd.enter(socket)
      socket.subscribe(topic)
    },
    message(socket, message) {
      const input: Input = packr.unpack(Buffer.from(message))
      crowd.take(socket, heldIn(input))
    },
    close: (socket) => void crowd.clients.delete(socket),
  })

  const steps = new Steps(
    rules,
    (dt) => crowd.tick(rules.game, dt),
    () => {
      app.publish(topic, packr.pack(crowd.patch()), true)
    },
  )
  return {
    ready: port,
    counters: () => ({ ticks: steps.count, applied: crowd.applied }),
    commands: { late: () => steps.late.take() },
    close() {
      steps.close()
      close()
    },
  }
}

export async function play({ port, room }: Place, received: (bytes: number) => void): Promise<Player> {
  const socket = await openAt(port, room)
  socket.on('message', (data: Buffer) => received(data.length))
  return player(socket)
}

export async function enter(place: Place, program: Program): Promise<Entered> {
  const socket = await openAt(place.port, place.room)
  const mirror = new Mirror()
  socket.on('message', (data: Buffer) => {
    const patch: Patch = packr.unpack(data)
    mirror.apply(patch)
    program.seen(mirror.mark)
  })
  return sampling(place, program, player(socket))
}

function player(socket: WebSocket): Player {
  return {
    send: (_seq, held) => socket.send(packr.pack(inputOf(held))),
    close: () => socket.terminate(),
  }
}
