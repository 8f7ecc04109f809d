import { meets, reach, sees, type Point } from '../field.ts'
import { field, radius, rifle } from '../rules.ts'
import { byId } from '../../stage/page/element.ts'
import { Camera } from './draw/camera.ts'
import { Effects } from './draw/effects.ts'
import { paintFighter, paintGhost, paintPack, paintSight } from './draw/figures.ts'
import { Floor } from './draw/floor.ts'
import { colorOf, ground } from './draw/palette.ts'
import type { ArenaLink, Hit, Shot, ShownFighter } from './link.ts'
import { Controls } from './play/controls.ts'
import { dashTime, Hud } from './ui/hud.ts'
import { Lab } from './ui/lab.ts'
import { Status } from './ui/status.ts'

/** What the page remembers of somebody from the last frame, to notice what has happened. */
interface Known {
  shots: number
  dashes: number
  hp: number
  /** When the last dash began, by the page's clock. */
  dashedAt: number
}

/** How long a dash leaves a trail: ms. */
const trails = 150

/** The field as it is played on: draws it, frame by frame. */
export class Game {
  readonly #link: ArenaLink
  readonly #canvas = byId('field', HTMLCanvasElement)
  readonly #context: CanvasRenderingContext2D
  readonly #camera = new Camera()
  readonly #floor = new Floor()
  readonly #effects = new Effects()
  readonly #known = new Map<string, Known>()
  readonly #hud = new Hud()
  readonly #lab: Lab
  readonly #status: Status
  readonly controls = new Controls(this.#canvas)
  /** Shots of others, until everybody is drawn as they were when it was fired. */
  #shots: Shot[] = []
  #fighters: ShownFighter[] = []
  #own: ShownFighter | undefined
  #shotBy: string | undefined
  #ghosts = false
  #scale = 1
  #last = 0
  /** How red the edge of the picture is: one has been hit. */
  #pain = 0

  /** @param gone Told why, when this page is off the field for good. */
  constructor(link: ArenaLink, gone: (why: string) => void) {
    this.#link = link
    const context = this.#canvas.getContext('2d', { alpha: false })
    if (context === null) throw new Error('This browser draws nothing: it has no canvas.')
    this.#context = context
    this.#lab = new Lab(link.conditions, link.traffic, {
      predicts: (on) => (link.predicts = on),
      interpolates: (on) => (link.interpolates = on),
      rewinds: (on) => void link.rewinds(on),
      ghosts: (on) => (this.#ghosts = on),
      shown: () => this.#resize(),
      left: () => this.#canvas.focus({ preventScroll: true }),
    })
    this.#status = new Status(() => link.retry())
    link.follow({
      shot: (shot) => {
        if (shot.by !== link.me) this.#shots.push(shot)
      },
      hit: (hit) => {
        this.#hit(hit)
        this.#lab.judged(hit)
      },
      fell: ({ whom, by }) => {
        const [loser, winner] = [whom, by].map((id) => this.#named(id))
        if (loser?.own === true) this.#shotBy = by
        if (loser !== undefined && winner !== undefined) this.#hud.tell(loser, winner)
      },
      standing: (standing) => {
        this.#status.stand(standing)
        if (standing.state !== 'gone') return
        this.#show(false)
        gone(standing.message)
      },
    })
    new ResizeObserver(() => this.#resize()).observe(this.#canvas)
    this.#resize()
    requestAnimationFrame((now) => this.#frame(now))
  }

  /** The page has joined: from now on this is played. */
  begin(): void {
    this.#shotBy = undefined
    this.#shots = []
    this.#show(true)
    this.#canvas.focus({ preventScroll: true })
  }

  #show(playing: boolean): void {
    byId('hud', HTMLElement).hidden = !playing
    document.body.classList.toggle('playing', playing)
    this.#resize()
  }

  #named(id: string | undefined): ShownFighter | undefined {
    return this.#fighters.find((each) => each.id === id)
  }

  #frame(now: number): void {
    const ms = Math.min(100, now - this.#last)
    this.#last = now
    this.#look()
    this.#link.frame()
    this.#fighters = [...this.#link.fighters()]
    this.#own = this.#fighters.find(({ own }) => own)
    this.#notice(now)
    this.#showShots()
    this.#effects.pass(ms)
    this.#pain = Math.max(0, this.#pain - ms / 420)
    this.#aimCamera(now, ms)
    this.#paint(now)
    this.#tell(now)
    requestAnimationFrame((next) => this.#frame(next))
  }

  #resize(): void {
    this.#scale = Math.min(2, devicePixelRatio)
    const { clientWidth: width, clientHeight: height } = this.#canvas
    this.#canvas.width = Math.max(1, Math.round(width * this.#scale))
    this.#canvas.height = Math.max(1, Math.round(height * this.#scale))
    const covered = this.#lab.covers
    this.#camera.resize(width, height, covered)
    byId('hud', HTMLElement).style.setProperty('--covered', `${covered}px`)
  }

  /** What the player does now. */
  #look(): void {
    const self = this.#own ?? { x: this.#camera.x, y: this.#camera.y }
    this.controls.look({ self: this.#camera.toPage(self), nearest: this.#nearest(self) })
  }

  #nearest(self: Point): number | undefined {
    const foes = this.#fighters.filter((each) => !each.own && each.hp > 0 && sees(self, each))
    const distance = ({ x, y }: Point): number => Math.hypot(x - self.x, y - self.y)
    const [nearest] = foes.sort((a, b) => distance(a) - distance(b))
    return nearest && Math.atan2(nearest.y - self.y, nearest.x - self.x)
  }

  /** Finds out what has happened to everybody since the last frame, and shows it. */
  #notice(now: number): void {
    for (const fighter of this.#fighters) {
      const { id, own, shots, dashes, hp } = fighter
      const color = colorOf(fighter.color)
      const known = this.#known.get(id)
      if (known === undefined) {
        this.#known.set(id, { shots, dashes, hp, dashedAt: -Infinity })
        continue
      }
      // One's own shot is seen when it is fired, not when the server has heard of it. A correction takes nothing back that was seen.
      if (own && isAhead(shots, known.shots)) this.#fire(fighter)
      if (isAhead(dashes, known.dashes)) {
        known.dashedAt = now
        if (own) this.#effects.jolt(1.5)
      }
      if (now - known.dashedAt < trails && hp > 0) this.#effects.trail(fighter, color, radius)
      if (hp === 0 && known.hp > 0) {
        this.#effects.burst(fighter, color)
        this.#effects.jolt(own ? 8 : 2.5)
      } else if (hp > known.hp) this.#effects.arrival(fighter, known.hp === 0 ? color : ground.pack)
      else if (hp < known.hp && own) {
        this.#pain = Math.min(1, this.#pain + 0.45)
        this.#effects.jolt(3)
      }
      if (isAhead(shots, known.shots)) known.shots = shots
      if (isAhead(dashes, known.dashes)) known.dashes = dashes
      known.hp = hp
    }
    const here = new Set(this.#fighters.map(({ id }) => id))
    for (const id of this.#known.keys()) if (!here.has(id)) this.#known.delete(id)
  }

  /** Shows one's own shot. It ends where it would by what is on the screen; whom it has hit, the server says. */
  #fire(own: ShownFighter): void {
    let length = reach(own, own.aim, rifle.range)
    let hit = false
    for (const other of this.#fighters) {
      const distance = other.own || other.hp === 0 ? undefined : meets(own, own.aim, other)
      if (distance === undefined || distance >= length) continue
      length = distance
      hit = true
    }
    const at = (far: number): Point => ({ x: own.x + Math.cos(own.aim) * far, y: own.y + Math.sin(own.aim) * far })
    this.#effects.shot(at(Math.min(length, radius + 14)), at(length), colorOf(own.color), hit)
    this.#effects.jolt(1.2)
  }

  /** Shows shots of others when the others are shown as they were then. */
  #showShots(): void {
    const time = this.#link.shownTime
    const due = this.#shots.filter(({ at }) => at <= time)
    if (due.length === 0) return
    this.#shots = this.#shots.filter(({ at }) => at > time)
    for (const { by, x, y, toX, toY, hit } of due) {
      this.#effects.shot({ x, y }, { x: toX, y: toY }, colorOf(this.#named(by)?.color ?? 0), hit !== '')
    }
  }

  #hit(hit: Hit): void {
    this.#effects.damage(this.#named(hit.whom) ?? { x: hit.nowX, y: hit.nowY }, hit.damage)
    if (this.#ghosts) this.#effects.judged({ x: hit.x, y: hit.y }, { x: hit.nowX, y: hit.nowY }, radius)
  }

  #aimCamera(now: number, ms: number): void {
    const own = this.#own
    if (own === undefined) {
      // Before the game: around the field.
      const [x, y] = [Math.cos(now / 5_000) * 260, Math.sin(now / 4_100) * 160]
      this.#camera.follow({ x: field.width / 2 + x, y: field.height / 2 + y }, ms)
      return
    }
    const ahead = 70
    this.#camera.follow({ x: own.x + Math.cos(own.aim) * ahead, y: own.y + Math.sin(own.aim) * ahead }, ms)
  }

  #paint(now: number): void {
    const context = this.#context
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = ground.outside
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height)
    const zoom = this.#camera.zoom * this.#scale
    const corner = this.#camera.corner(this.#scale, this.#effects.shake)
    this.#floor.paint(context, corner, zoom)
    // From here on in units of the field.
    context.setTransform(zoom, 0, 0, zoom, corner.x, corner.y)
    for (const { x, y, there } of this.#link.state?.packs.values() ?? []) paintPack(context, { x, y }, there, now)
    const own = this.#own
    if (own !== undefined && own.hp > 0) paintSight(context, own)
    const others = this.#fighters.filter((each) => !each.own)
    if (this.#ghosts) for (const each of others) if (each.hp > 0) paintGhost(context, each)
    for (const each of others) if (this.#camera.shows(each, 60)) paintFighter(context, each, now)
    if (own !== undefined) paintFighter(context, own, now)
    this.#effects.paint(context)
    this.#paintPain()
  }

  /** The edge of the picture reddens when one is hit. */
  #paintPain(): void {
    if (this.#pain === 0) return
    const context = this.#context
    const { width, height } = this.#canvas
    context.setTransform(1, 0, 0, 1, 0, 0)
    const edge = context.createRadialGradient(width / 2, height / 2, height * 0.35, width / 2, height / 2, width * 0.62)
    edge.addColorStop(0, 'rgb(255 60 50 / 0%)')
    edge.addColorStop(1, `rgb(255 60 50 / ${(this.#pain * 30).toFixed(0)}%)`)
    context.fillStyle = edge
    context.fillRect(0, 0, width, height)
  }

  #tell(now: number): void {
    const { state } = this.#link
    const own = this.#own
    if (state === undefined) return
    const dashedAt = this.#known.get(own?.id ?? '')?.dashedAt ?? -Infinity
    this.#hud.show({
      fighters: this.#fighters,
      own,
      now: this.#link.now,
      ends: state.ends,
      rests: state.winner !== '',
      winner: this.#named(state.winner),
      shotBy: this.#named(this.#shotBy),
      dash: (now - dashedAt) / dashTime,
    })
    const figures = this.#link.figures
    this.#status.roundTrip(figures.roundTrip)
    this.#lab.frame(now, figures)
  }
}

/** Whether a count that begins anew after 255 has gone on; what is a little less was taken back by a correction. */
function isAhead(count: number, before: number): boolean {
  const gone = (count - before + 256) % 256
  return gone > 0 && gone < 128
}
