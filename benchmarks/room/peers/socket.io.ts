import type { Part } from '../../harness.ts'
import { listenSocketIo, SocketIoClient, type SocketIoSocket } from '../../socket.io.ts'
import { Crowd, heldIn, inputOf, Mirror, type Input, type Patch } from '../by-hand.ts'
import type { Rules } from '../contract.ts'
import { sampling, type Entered, type Place, type Player, type Program } from '../peer.ts'
import { Steps } from '../steps.ts'

// By hand on Socket.IO: inputs and patches are events, and a patch goes to all who are in the room. There are no limits, checks, sessions or
// acks, and one room.

const topic = 'game'

export async function serve(rules: Rules): Promise<Part> {
  const { io, port, close } = await listenSocketIo()
  const crowd = new Crowd<SocketIoSocket>()
  io.on('connection', (socket) => {
    crowd.enter(socket)
    socket.join(topic)
    socket.on<Input, never>('input', (input) => crowd.take(socket, heldIn(input)))
    socket.on('disconnect', () => crowd.clients.delete(socket))
  })

  const steps = new Steps(
    rules,
    (dt) => crowd.tick(rules.game, dt),
    () => io.to(topic).emit('patch', crowd.patch()),
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

export async function play({ port }: Place, received: (bytes: number) => void): Promise<Player> {
  return player(await SocketIoClient.open(port, () => {}, { received }))
}

export async function enter(place: Place, program: Program): Promise<Entered> {
  const mirror = new Mirror()
  const client = await SocketIoClient.open(place.port, (packet) => {
    if (packet.kind !== 'event') throw new Error(`this came: ${JSON.stringify(packet)}`)
    mirror.apply(packet.payload as Patch) // of the server above
    program.seen(mirror.mark)
  })
  return sampling(place, program, player(client))
}

function player(client: SocketIoClient): Player {
  return {
    send: (_seq, held) => client.emit('input', inputOf(held)),
    close: () => client.close(),
  }
}
