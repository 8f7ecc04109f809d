import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JuntoClient } from '@junto/client'
import { defineRoom, t } from '@junto/schema'
import { ConsoleLogger, FileStore, JuntoServer, Logger, provide, Room } from '@junto/server'
import { expect, onTestFinished, test } from 'vitest'
import { Whiteboard } from '../contract.ts'
import { BoardLimits, WhiteboardRoom } from '../room.ts'

/** A whiteboard as another version of it might have been: its strokes do not say when they were drawn. */
const Older = defineRoom('whiteboard', {
  version: 1,
  state: t.Object({
    title: t.String(),
    strokes: t.Map(t.Object({ color: t.Uint8(), points: t.Array(t.Tuple([t.Number(), t.Number()])) })),
  }),
  clientToServer: {},
  serverToClient: {},
})

class OlderRoom extends Room(Older) {
  onCreate() {
    return { title: 'Plans', strokes: { first: { color: 1, points: [[1, 2] as [number, number]] } } }
  }
}

test('a board that was saved with another contract is not opened, is told of by name, and stays as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boards-'))
  onTestFinished(() => rm(folder, { recursive: true }))

  const older = await start(folder, (server) => server.define(Older, OlderRoom, { persist: true }))
  await older.client.open(Older, { key: 'plans' })
  await older.stop()
  const [file = ''] = await readdir(folder)
  const saved = await readFile(join(folder, file))

  const now = await start(folder, (server) =>
    server.define(Whiteboard, WhiteboardRoom, { persist: true, authenticate: () => ({ id: 'ada' }) }),
  )
  // Nor does asking again make another board in its place.
  for (let visit = 0; visit < 2; visit++) {
    const opening = now.client.open(Whiteboard, {
      key: 'plans',
      join: { name: 'Ada', awake: true },
      options: { title: 'Plans' },
    })
    await expect(opening).rejects.toMatchObject({ code: 'store_failed' })
  }
  await now.stop()
  expect(now.errors).toHaveLength(2)
  for (const error of now.errors) {
    expect(error).toContain('The saved room whiteboard/plans could not be loaded')
    expect(error).toMatch(/state\.strokes\.\*?.*at.*: the contract needs it.*Nothing was changed/)
  }
  expect(await readdir(folder)).toEqual([file])
  expect(await readFile(join(folder, file))).toEqual(saved)
})

/** A server on real files, and a client of it. */
async function start(folder: string, define: (server: JuntoServer) => void) {
  const errors: string[] = []
  const logger = new ConsoleLogger('error', (line) => errors.push(line))
  const server = new JuntoServer({
    port: 0,
    host: '127.0.0.1',
    store: new FileStore(folder),
    services: [provide(Logger, logger), provide(BoardLimits, new BoardLimits())],
  })
  define(server)
  await server.listen()
  const client = new JuntoClient({ url: server.url ?? '', auth: () => 'somebody' })
  const stop = async (): Promise<void> => {
    await client.close()
    await server.close()
  }
  return { client, stop, errors }
}
