import { expect, it } from 'vitest'
import { compiledReaders } from './compiled-readers.ts'
import { opening, ScriptedServer } from './session/scripted-server.fixture.ts'
import { Whiteboard } from './whiteboard.fixture.ts'

it("the option `readers` reads the records of a room's state", async () => {
  const made: string[][] = []
  const server = new ScriptedServer({
    readers: (fields) => {
      made.push(fields.map(({ name }) => name))
      return compiledReaders(fields)
    },
  })
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  const room = await opened
  expect(room.state.title).toBe('Team A')
  expect(made).toContainEqual(['title', 'strokes', 'order'])
})
