import { Mode } from '../../patch/body.ts'
import type { BodyWriter } from '../encode/body-writer.ts'
import type { Hidden } from '../nodes/field-set.ts'
import { MapNode } from '../nodes/map-node.ts'
import { emptyView, viewChange } from './map-view.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import type { StateNode, Told } from '../nodes/state-node.ts'
import { narrowed } from './turn.ts'
import type { Leaving } from './view-log.ts'
import type { Marks } from './visibility.ts'

/** Says in a body what is new for a viewer. It goes from the root through all that the viewer sees. */
export class CatchUp {
  readonly #marks: Marks
  readonly #viewer: RestrictedViewer
  readonly #since: number
  readonly #body: BodyWriter
  readonly #gone: ReadonlyMap<number, readonly Leaving[]>

  /** To whom something belongs that stands in the body. */
  readonly owners = new Set<string>()

  /**
   * @param since The version that the viewer has; 0: nothing, all is new.
   * @param gone What has left its view since then.
   */
  constructor(
    marks: Marks,
    viewer: RestrictedViewer,
    since: number,
    gone: ReadonlyMap<number, readonly Leaving[]>,
    body: BodyWriter,
  ) {
    this.#marks = marks
    this.#viewer = viewer
    this.#since = since
    this.#body = body
    this.#gone = gone
  }

  /** @param known Whether the viewer has what the node stands in. */
  tell(node: StateNode, known: boolean): void {
    const has = known && node.born <= this.#since
    if (node instanceof MapNode && this.#marks.isViewed(node)) this.#tellView(node, has)
    else this.#tellNode(node, has)
  }

  #tellView(map: MapNode, has: boolean): void {
    const view = this.#viewer.views.get(map)
    if (!has) this.#body.add(map, Mode.birth, view?.whole() ?? emptyView(map))
    else {
      const gone = this.#gone.get(map.id) ?? []
      const come = view?.comeSince(this.#since) ?? []
      if (gone.length + come.length > 0) this.#body.add(map, Mode.change, viewChange(map, gone, come))
    }
    for (const { scope, since } of view?.sightings ?? []) {
      this.tell(scope.node, has && since <= this.#since)
    }
  }

  #tellNode(node: StateNode, has: boolean): void {
    const { marked } = node
    if (marked !== undefined && marked.owner !== '') this.owners.add(marked.owner)
    const hidden = this.#viewer.hidden(node)
    // What of it the viewer saw may have been something else.
    const shown = has && marked !== undefined && this.#viewer.clearedSince(marked, this.#since)
    if (!has) this.#body.add(node, Mode.birth, node, narrowed(node.fieldSet(Mode.birth), hidden))
    else if (shown || (marked?.changed(hidden) ?? node.changed) > this.#since) {
      const told = node.since(this.#since)
      if (told !== undefined) this.#body.add(node, Mode.change, told)
      else this.#body.add(node, Mode.whole, hidden === undefined ? node : without(node, hidden))
    }
    const type = shown ? this.#marks.of(node) : undefined
    node.eachChild((child, key) => {
      // When in doubt whether the viewer has a node, it is told as new.
      this.tell(child, has && type?.field(key) === undefined)
    }, hidden)
  }
}

/** A node of which some fields are written as absent. */
function without(node: StateNode, hidden: Hidden): Told {
  return { id: node.id, pack: (writer, mode, fields) => node.pack(writer, mode, fields, hidden) }
}
