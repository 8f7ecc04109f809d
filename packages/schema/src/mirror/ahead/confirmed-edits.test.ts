import { describe, expect, it } from 'vitest'
import type { Live, Mirror } from '../../model.ts'
import { nextPatch } from '../../state/patches.fixture.ts'
import { layout, open as openGame, type Model } from '../game.fixture.ts'
import { MirrorTree } from '../mirror-tree.ts'
import { select } from '../mirror-selection.ts'
import { Edit, EditsAhead } from './edits-ahead.ts'

type State = Live<Model>

/** A mirror with edits ahead, and a server that can do them. */
function open() {
  const game = openGame()
  const corrected: Edit[] = []
  const ahead = new EditsAhead(game.mirror, (edit) => void corrected.push(edit))
  game.mirror.ahead = ahead
  return {
    ...game,
    ahead,
    corrected,
    edit: (run: (state: State) => void): Edit => {
      // The layout is the contract's.
      const edit = new Edit((state) => run(state as State))
      ahead.add(edit)
      return edit
    },
    /** The server has done something, which these edits were to do. */
    confirm: (edits: readonly Edit[], serve: (state: State) => void): void => {
      serve(game.state)
      for (const edit of edits) edit.outcome = 'confirmed'
      const patch = nextPatch(game.tree)
      if (patch === undefined) ahead.rebase()
      else game.mirror.applyPatch(patch)
    },
  }
}

const cy = { name: 'Cy', hp: 3, bag: [{ item: 'rope' }] }
const dee = { name: 'Dee', hp: 3, bag: [] }

describe('what an edit has added', () => {
  it('goes on as the item of a list that the server has added, wherever that stands', () => {
    const { mirror, edit, confirm, tell, hear, corrected } = open()
    mirror.watch((game) => game.queue, tell)
    hear()
    const ours = edit(({ queue }) => void queue.push(cy))
    const item = mirror.state.queue[1]
    expect(hear()).toEqual([['added', 'Cy', 1]])
    confirm([ours], ({ queue }) => {
      queue.push(dee)
      queue.push(cy)
      queue.unshift(dee)
    })
    expect(mirror.state.queue.map(({ name }) => name)).toEqual(['Dee', 'Cy', 'Dee', 'Cy'])
    expect(mirror.state.queue[3]).toBe(item)
    expect(hear()).toEqual([
      ['added', 'Dee', 0],
      ['added', 'Dee', 2],
    ])
    expect(corrected).toEqual([])
  })

  it('is another object where the server has added something else', () => {
    const { mirror, edit, confirm, tell, hear, corrected } = open()
    mirror.watch((game) => game.queue, tell)
    hear()
    const ours = edit(({ queue }) => void queue.push(cy))
    const item = mirror.state.queue[1]
    confirm([ours], ({ queue }) => void queue.push({ ...cy, hp: 1 }))
    expect(mirror.state.queue[1]).not.toBe(item)
    expect(hear()).toEqual([
      ['added', 'Cy', 1],
      ['removed', 'Cy', 1],
      ['added', 'Cy', 1],
    ])
    expect(corrected).toEqual([ours])
  })

  it('stays the same object under its key whatever the server has made of it, with all below it', () => {
    const { mirror, edit, confirm, tell, hear, corrected } = open()
    mirror.watch((game) => game.players, tell)
    hear()
    const ours = edit(({ players }) => void players.set('cy', cy))
    const player = mirror.state.players.get('cy')
    const bag = player?.bag
    const chosen = select(mirror, (game) => game.players.get('cy'))
    expect(chosen.value).toEqual(cy)
    confirm([ours], ({ players }) => void players.set('cy', { ...cy, hp: 1 }))
    expect(mirror.state.players.get('cy')).toBe(player)
    expect(player).toEqual({ ...cy, hp: 1 })
    expect(player?.bag).toBe(bag)
    expect(chosen.value).toEqual({ ...cy, hp: 1 })
    expect(hear()).toEqual([
      ['added', 'Cy', 'cy'],
      ['changed', 'Cy', 'cy', undefined],
    ])
    expect(corrected).toEqual([ours])
    // It is the server's now: what comes for it is for this object.
    confirm([], ({ players }) => players.get('cy')?.bag.push({ item: 'lamp' }))
    expect(bag).toEqual([{ item: 'rope' }, { item: 'lamp' }])
  })

  it('is gone when the server has refused it, and what pending edits do to it with it', () => {
    const { mirror, edit, tell, hear, ahead } = open()
    mirror.watch((game) => game.players, tell)
    hear()
    const ours = edit(({ players }) => void players.set('cy', cy))
    const later = edit(({ players }) => {
      const player = players.get('cy')
      if (player !== undefined) player.hp = 9
    })
    expect(mirror.state.players.get('cy')?.hp).toBe(9)
    ours.outcome = 'given up'
    ahead.rebase()
    expect(mirror.state.players.has('cy')).toBe(false)
    expect(later.journal.steps).toEqual([])
    expect(hear()).toEqual([
      ['added', 'Cy', 'cy'],
      ['changed', 'Cy', 'cy', undefined],
      ['removed', 'Cy', 'cy'],
    ])
  })
})

describe('edits that are confirmed together', () => {
  it('have an item go on that one had added and another has changed', () => {
    const { mirror, edit, confirm, corrected } = open()
    const add = ({ queue }: State): void => void queue.push(cy)
    const wound = ({ queue }: State): object => Object.assign(queue.at(-1) ?? {}, { hp: 1 })
    const edits = [edit(add), edit(wound)]
    const item = mirror.state.queue[1]
    confirm(edits, (game) => {
      add(game)
      wound(game)
    })
    expect(mirror.state.queue[1]).toBe(item)
    expect(item).toEqual({ ...cy, hp: 1 })
    expect(corrected).toEqual([])
  })

  it('have items that are alike go on each in its place', () => {
    const { mirror, edit, confirm, corrected } = open()
    const add = ({ queue }: State): void => void queue.push(cy)
    const addFirst = ({ queue }: State): void => void queue.unshift(cy)
    const edits = [edit(add), edit(add), edit(addFirst)]
    const items = [...mirror.state.queue]
    confirm(edits, (game) => {
      add(game)
      add(game)
      addFirst(game)
    })
    expect(mirror.state.queue).toHaveLength(4)
    for (const [index, item] of items.entries()) expect(mirror.state.queue[index]).toBe(item)
    expect(corrected).toEqual([])
  })

  it('have such items go on within what one had added', () => {
    const { mirror, edit, confirm, corrected } = open()
    const add = ({ players }: State): void => void players.set('cy', dee)
    const give = ({ players }: State): void => void players.get('cy')?.bag.push({ item: 'rope' })
    const edits = [edit(add), edit(give), edit(give)]
    const bag = mirror.state.players.get('cy')?.bag
    const items = [...(bag ?? [])]
    expect(items).toHaveLength(2)
    confirm(edits, (game) => {
      add(game)
      give(game)
      give(game)
    })
    expect(mirror.state.players.get('cy')?.bag).toBe(bag)
    for (const [index, item] of items.entries()) expect(bag?.[index]).toBe(item)
    expect(corrected).toEqual([])
    // Each is an object of its own, which the server can change.
    confirm([], ({ players }) => Object.assign(players.get('cy')?.bag.at(1) ?? {}, { item: 'lamp' }))
    expect(bag).toEqual([{ item: 'rope' }, { item: 'lamp' }])
  })

  it('have go on what is left of what one had added', () => {
    const { mirror, edit, confirm, corrected } = open()
    const add = ({ players }: State): void => {
      players.set('cy', { ...cy, bag: ['rope', 'lamp', 'map'].map((item) => ({ item })) })
      const bag = players.get('cy')?.bag
      Object.assign(bag?.at(2) ?? {}, { item: 'sword' })
      bag?.shift()
    }
    const ours = edit(add)
    const items = [...(mirror.state.players.get('cy')?.bag ?? [])]
    confirm([ours], add)
    expect(items).toEqual([{ item: 'lamp' }, { item: 'sword' }])
    for (const [index, item] of items.entries()) expect(mirror.state.players.get('cy')?.bag[index]).toBe(item)
    expect(corrected).toEqual([])
  })

  it('are not corrected where one of them wrote last that is not checked', () => {
    const { edit, confirm, corrected, ahead } = open()
    const ours = edit((game) => (game.phase = 'over'))
    const unchecked = new Edit((game) => void ((game as State).phase = 'lost'), false)
    ahead.add(unchecked)
    confirm([ours, unchecked], (game) => (game.phase = 'lost'))
    expect(corrected).toEqual([])
  })
})

describe('an edit is corrected', () => {
  it.each<[string, (state: State) => void, (state: State) => void, boolean]>([
    ['not where the server has done the same', (game) => (game.phase = 'over'), (game) => (game.phase = 'over'), false],
    ['where it has done something else', (game) => (game.phase = 'over'), (game) => (game.phase = 'lost'), true],
    ['where it has done nothing', (game) => void game.scores.set('bo', 1), () => {}, true],
    [
      'where an entry is another',
      (game) => void game.scores.set('bo', 1),
      (game) => void game.scores.set('bo', 2),
      true,
    ],
    ['where an entry is still there', (game) => void game.scores.delete('ada'), () => {}, true],
    [
      'not where others have put something into the same list',
      (game) => void game.chat.push('mine'),
      (game) => game.chat.replace(['theirs', 'hi', 'mine', 'theirs']),
      false,
    ],
    ['where an item is missing', (game) => void game.chat.push('mine'), (game) => void game.chat.push('theirs'), true],
    ['where an item is still there', (game) => void game.chat.shift(), (game) => void game.chat.push('theirs'), true],
    [
      'where what it wrote to is gone',
      ({ players }) => Object.assign(players.get('ada') ?? {}, { hp: 1 }),
      ({ players }) => void players.delete('ada'),
      true,
    ],
    [
      'not for what it had removed itself',
      ({ players }) => {
        Object.assign(players.get('ada') ?? {}, { hp: 1 })
        players.delete('ada')
      },
      ({ players }) => void players.delete('ada'),
      false,
    ],
  ])('%s', (_, run, serve, isCorrected) => {
    const { edit, confirm, corrected } = open()
    const ours = edit(run)
    confirm([ours], serve)
    expect(corrected).toEqual(isCorrected ? [ours] : [])
  })

  it('each by itself, though later ones hide what it had shown', () => {
    const { mirror, edit, confirm, corrected } = open()
    const edits = ['a', 'b', 'c'].map((phase) => edit((game) => (game.phase = phase)))
    confirm(edits.slice(0, 1), (game) => (game.phase = 'x'))
    expect([mirror.state.phase, corrected]).toEqual(['c', edits.slice(0, 1)])
    confirm(edits.slice(1, 2), (game) => (game.phase = 'b'))
    confirm(edits.slice(2), (game) => (game.phase = 'y'))
    expect([mirror.state.phase, corrected]).toEqual(['y', [edits[0], edits[2]]])
  })
})

describe('a preview', () => {
  it('is there while it is looked at, tells nobody, and leaves no trace', () => {
    const { mirror, edit, ahead, tell, hear, confirm } = open()
    mirror.watch((game) => game.players, tell)
    mirror.watch((game) => game.chat, { after: (chat) => tell.changed(chat.length, 'chat', undefined) })
    const ours = edit(({ players }) => void players.set('cy', cy))
    hear()
    const chosen = select(mirror, (game) => game.players)
    const before = chosen.value
    let looked: Mirror<Model> | undefined
    const preview = (state: unknown): void => {
      const { players, chat } = state as State
      players.set('dee', dee)
      players.delete('ada')
      players.get('cy')?.bag.push({ item: 'lamp' })
      chat.push('x')
    }
    ahead.preview(preview, () => void (looked = structuredClone(mirror.state)))
    expect([...(looked?.players.keys() ?? [])]).toEqual(['bo', 'cy', 'dee'])
    expect([...mirror.state.players.keys()]).toEqual(['ada', 'bo', 'cy'])
    expect([mirror.state.chat, mirror.state.players.get('cy')]).toEqual([['hi'], cy])
    expect(chosen.value).toBe(before)
    expect(() =>
      ahead.preview(preview, () => {
        throw new Error('looked away')
      }),
    ).toThrow('looked away')
    expect([...mirror.state.players.keys()]).toEqual(['ada', 'bo', 'cy'])
    confirm([ours], ({ players }) => void players.set('cy', cy))
    expect(hear()).toEqual([])
    expect(mirror.hash(0, 100)).toBe(mirror.hash(0, 100))
  })
})

describe('in a listener', () => {
  it('an edit runs once, though what is shown was made anew before', () => {
    const { mirror, ahead } = open()
    const push = (state: unknown): void => void (state as State).chat.push('x')
    mirror.watch((game) => game.phase, {
      changed: () => {
        ahead.rebase()
        ahead.add(new Edit(push))
      },
    })
    ahead.add(new Edit((state) => void ((state as State).phase = 'over')))
    expect(mirror.state.chat).toEqual(['hi', 'x'])
  })

  it('a preview takes nothing from what others are to be told', () => {
    const { mirror, ahead, edit, tell, hear } = open()
    mirror.watch((game) => game.phase, {
      changed: () =>
        ahead.preview(
          (state) => {
            ;(state as State).chat.push('preview')
            ;(state as State).scores.delete('ada')
          },
          () => expect([mirror.state.chat.length, mirror.state.scores.size]).toEqual([3, 1]),
        ),
    })
    mirror.watch((game) => game.chat, tell)
    mirror.watch((game) => game.scores, tell)
    hear()
    edit((game) => {
      game.phase = 'over'
      game.chat.push('mine')
      game.scores.set('bo', 2)
    })
    expect(hear()).toEqual([
      ['added', 'mine', 1],
      ['added', 2, 'bo'],
    ])
  })
})

it('an edit that has put an entry elsewhere and then threw is told to nobody', () => {
  const { mirror, edit, ahead, confirm } = open()
  confirm([], ({ scores }) => void scores.set('bo', 2))
  const changes: unknown[] = []
  mirror.watch((game) => game.scores, { changed: (scores) => changes.push(scores), after: (all) => changes.push(all) })
  edit(({ scores }) => {
    scores.delete('ada')
    scores.set('ada', 7)
    throw new Error('not now')
  })
  ahead.rebase()
  expect([...mirror.state.scores]).toEqual([
    ['ada', 1],
    ['bo', 2],
  ])
  expect(changes).toEqual([])
})

it('edits wait for the first state', () => {
  const { tree } = openGame()
  const empty = new MirrorTree<Mirror<Model>>(layout)
  const ahead = new EditsAhead(empty, () => {})
  empty.ahead = ahead
  ahead.add(new Edit((state) => void ((state as State).phase = 'mine')))
  expect(empty.ready).toBe(false)
  empty.applySnapshot(tree.snapshot())
  expect(empty.state.phase).toBe('mine')
})

it('an edit that is not among them is put nowhere, and pushes none out', () => {
  const { ahead, edit } = open()
  const ours = edit(({ queue }) => void queue.push(cy))
  ahead.putLast(new Edit(() => undefined))
  expect(ahead.edits).toEqual([ours])
})
