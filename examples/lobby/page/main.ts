import { copied } from '../../stage/page/clipboard.ts'
import { byId } from '../../stage/page/element.ts'
import { chosenKind, offerKinds } from './kinds.ts'
import { LobbyLink, type Order } from './link/lobby-link.ts'
import { RoomLink, type NewRoom, type Way } from './link/room-link.ts'
import { ServerLink } from './link/server.ts'
import { whyNot } from './link/words.ts'
import { keepName, ownName } from './memory.ts'
import { offerNewRoom } from './ui/new-room.ts'
import { Notices } from './ui/notices.ts'
import { RoomView } from './ui/room-view.ts'
import { RoomsView } from './ui/rooms-view.ts'
import { StandingView } from './ui/standing-view.ts'

/** The page: the lobby on one side, a room on the other. */
class Page {
  readonly #notices = new Notices()
  readonly #server = new ServerLink(() => this.#stand())
  readonly #lobby = new LobbyLink(this.#server, {
    rooms: () => this.#soon(),
    standing: () => this.#stand(),
    failed: (error) => this.#notices.say(whyNot(error, 'the lobby')),
  })
  readonly #standing = new StandingView(
    () => this.#server.retry(),
    () => (this.#over ? 0 : (this.#room?.drafts.onTheirWay ?? 0)),
  )
  readonly #rooms = new RoomsView((id, topic) => void this.#enter({ by: 'id', id }, `“${topic}”`))
  readonly #view = new RoomView({
    leave: () => this.#leave(),
    again: () => this.#again(),
    say: (text) => this.#room?.say(text),
    sayAgain: (id) => this.#room?.sayAgain(id),
    typing: (typing) => this.#room?.typing(typing),
    lock: (locked) => void this.#lock(locked),
    invite: () => void this.#invite(),
  })
  readonly #kinds = byId('kinds', HTMLFieldSetElement)
  readonly #order = byId('order', HTMLSelectElement)
  readonly #free = byId('free', HTMLInputElement)
  #name = ownName()
  #room: RoomLink | undefined
  #over = false
  #entries = 0
  #entering: string | undefined
  #framed = false

  begin(): void {
    offerKinds(this.#kinds, 'kind', true)
    for (const place of [this.#kinds, this.#order]) place.addEventListener('change', () => this.#ask())
    this.#free.addEventListener('change', () => this.#soon())
    offerNewRoom((room) => void this.#enter({ by: 'making', room }, 'this room'))
    this.#offerCode()
    this.#offerName()
    document.addEventListener('visibilitychange', () => this.#room?.look())
    window.addEventListener('popstate', () => this.#follow())
    this.#ask()
    this.#follow()
  }

  #offerCode(): void {
    const code = byId('code', HTMLInputElement)
    byId('by-code', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#enter(
        { by: 'code', code: code.value },
        `the room of the code ${code.value.trim().toUpperCase()}`,
      ).then((entered) => {
        if (entered) code.value = ''
        else code.select()
      })
    })
  }

  #offerName(): void {
    const field = byId('name', HTMLInputElement)
    field.value = this.#name
    const tell = (): void => {
      const name = field.value.trim()
      field.value = name || this.#name
      if (name === '' || name === this.#name) return
      this.#name = keepName(name)
      this.#room?.rename(name)
    }
    field.addEventListener('change', tell)
    byId('me', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      tell()
      field.blur()
    })
  }

  #ask(): void {
    void this.#lobby.show({ kind: chosenKind(this.#kinds), order: this.#orderOf() })
  }

  #orderOf(): Order {
    const { value } = this.#order
    return value === 'fullest' || value === 'topic' ? value : 'newest'
  }

  /** Goes where the address says. */
  #follow(): void {
    const [, where, what = ''] = /^\/([rc])\/([^/]+)$/.exec(location.pathname) ?? []
    if (where === 'r') void this.#enter({ by: 'id', id: what }, 'this room')
    else if (where === 'c') void this.#enter({ by: 'code', code: what }, `the room of the code ${what}`)
    else if (this.#room !== undefined) this.#leave()
  }

  /** Comes into a room; the former one is left when that worked. Resolves with whether it did. */
  async #enter(way: Way, what: string): Promise<boolean> {
    if (this.#isHere(way)) {
      document.body.dataset['view'] = 'room'
      return true
    }
    const entry = (this.#entries += 1)
    this.#entering = way.by === 'id' ? way.id : undefined
    this.#soon()
    try {
      const room = await RoomLink.enter(this.#server, way, () => this.#name, {
        changed: () => this.#soon(),
        standing: () => this.#stand(),
        moved: () => this.#moved(),
        over: (why) => this.#end(why),
      })
      // Somebody has chosen another one meanwhile.
      if (entry !== this.#entries) {
        room.leave()
        return false
      }
      this.#settle(room)
      return true
    } catch (error) {
      if (entry !== this.#entries) return false
      this.#notices.say(whyNot(error, what))
      if (this.#room === undefined && location.pathname !== '/') history.replaceState(undefined, '', '/')
      return false
    } finally {
      if (entry === this.#entries) this.#entering = undefined
      this.#soon()
    }
  }

  #isHere(way: Way): boolean {
    if (this.#room === undefined || this.#over) return false
    if (way.by === 'id') return way.id === this.#room.id
    return way.by === 'code' && way.code === this.#room.state.code
  }

  #settle(room: RoomLink): void {
    this.#room?.leave()
    this.#room = room
    this.#over = false
    this.#notices.clear()
    document.body.dataset['view'] = 'room'
    const address = addressOf(room)
    if (location.pathname !== address) history.pushState(undefined, '', address)
    this.#view.open(room)
    this.#stand()
  }

  #moved(): void {
    if (this.#room !== undefined) history.replaceState(undefined, '', addressOf(this.#room))
    this.#stand()
    this.#soon()
  }

  #leave(): void {
    const left = this.#room?.id
    this.#entries += 1
    this.#room?.leave()
    this.#room = undefined
    this.#over = false
    document.body.dataset['view'] = 'lobby'
    if (location.pathname !== '/') history.pushState(undefined, '', '/')
    this.#view.open(undefined)
    this.#rooms.focus(left)
    this.#stand()
    this.#soon()
  }

  /** The room has ended without us. */
  #end(why: string): void {
    this.#over = true
    this.#view.end(why)
    this.#stand()
    this.#soon()
  }

  #again(): void {
    if (this.#room === undefined) return
    const { topic, kind, seats, mark, code } = this.#room.state
    const room: NewRoom = { topic, kind, seats, mark, secret: code !== '' }
    void this.#enter({ by: 'making', room }, 'this room')
  }

  async #lock(locked: boolean): Promise<void> {
    const wrong = await this.#room?.lock(locked)
    if (wrong !== undefined) this.#notices.say(wrong)
  }

  async #invite(): Promise<void> {
    if (this.#room === undefined) return
    const { code } = this.#room.state
    const link = `${location.origin}${addressOf(this.#room)}`
    if (!(await copied(link))) this.#notices.say(`The link to this room: ${link}`, 'good')
    else if (code === '') this.#notices.say('Link copied. Whoever opens it comes in here.', 'good')
    else this.#notices.say(`Link copied. Whoever has it, or the code ${code}, comes in here.`, 'good')
  }

  #stand(): void {
    const room = this.#room === undefined || this.#over ? [] : [this.#room.joined]
    this.#standing.stand(this.#server.standing([this.#lobby.joined, ...room]))
    this.#soon()
  }

  // What happens between two frames is shown by the next one, and in a hidden page by the first that it has.
  #soon(): void {
    if (this.#framed) return
    this.#framed = true
    requestAnimationFrame(() => this.#show())
  }

  #show(): void {
    this.#framed = false
    const own = this.#over ? undefined : this.#room?.id
    const showing = { order: this.#orderOf(), free: this.#free.checked, own, entering: this.#entering }
    this.#rooms.show(this.#lobby.rooms, this.#lobby.joined !== undefined, showing)
    if (this.#room !== undefined) this.#view.show(this.#room)
    document.title = this.#room === undefined ? 'Junto lobby' : `${this.#room.state.topic} · Junto lobby`
  }
}

function addressOf({ id, state }: RoomLink): string {
  return state.code === '' ? `/r/${encodeURIComponent(id)}` : `/c/${state.code}`
}

new Page().begin()
