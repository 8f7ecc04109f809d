import { Mode } from '../../patch/body.ts'
import type { FieldSet, Hidden } from '../nodes/field-set.ts'
import { MapNode } from '../nodes/map-node.ts'
import { emptyView, type MapView } from './map-view.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import type { Row } from './row.ts'
import { EntityScope, type FieldScope, type Scope } from './scope.ts'
import type { StateNode, Told } from '../nodes/state-node.ts'
import type { TurnTable } from './turn-table.ts'
import type { Views } from './views.ts'
import type { Clearance, Marks } from './visibility.ts'

/**
 * One version in the making: finds for everything that changed who is told of it, and how.
 *
 * Only those count who have the version before, and to whom no field is shown from this version on that was hidden, or the other
 * way round: the others are caught up.
 */
export class Turn {
  readonly #marks: Marks
  readonly #audience: Views
  readonly #table: TurnTable
  readonly #version: number
  /** Rows that tell of nodes as new: to some because they are, to others because they come into view. */
  readonly #births = new Map<StateNode, Row[]>()

  constructor(marks: Marks, audience: Views, table: TurnTable, version: number) {
    this.#marks = marks
    this.#audience = audience
    this.#table = table
    this.#version = version
    table.clear()
    for (const { common } of audience.clearances) common.clear()
  }

  /** A node changed or was born: it is told to all who see it, and saw what it stands in. */
  changed(node: StateNode, mode: Mode): void {
    const { scope } = node
    const viewed = this.#marks.isViewed(node)
    // Of a viewed map each is told what comes into its own view, and leaves it.
    if (viewed && mode !== Mode.birth) return
    if (!viewed && this.#marks.of(node) === undefined) {
      if (scope === undefined) {
        const row = this.#table.add(node, mode, node.fieldSet(mode))
        for (const clearance of this.#audience.clearances) row.tellAll(clearance)
        return
      }
      if (scope instanceof EntityScope && scope.parent === undefined) {
        if (scope.viewers.length > 0) this.#table.add(node, mode, node.fieldSet(mode)).scope = scope
        return
      }
    }
    this.#tellAudience(node, mode)
  }

  #tellAudience(node: StateNode, mode: Mode): void {
    const { scope, marked } = node
    const entity = scope?.entity
    const rows = mode === Mode.birth ? this.#rowsOf(node) : []
    const fields = node.fieldSet(mode)
    if (entity !== undefined) {
      // Those around whom a field was hidden or shown are not followed, so that what is seen now was seen before.
      for (const viewer of entity.viewers) {
        if (this.#follows(viewer) && viewer.saw(scope)) {
          this.#row(rows, node, mode, fields, viewer.hidden(node))?.tell(viewer)
        }
      }
      return
    }
    for (const clearance of this.#audience.clearances) {
      if (!sees(clearance, scope)) continue
      const row = this.#row(rows, node, mode, fields, clearance.hidden(node.type, false))
      row?.tellAll(clearance)
      if (marked === undefined || marked.owner === '') continue
      const owners = this.#row(rows, node, mode, fields, clearance.hidden(node.type, true))
      if (row !== owners) this.#tellOwners(marked.owner, clearance, row, owners)
    }
    if (scope === undefined) return
    for (const viewer of this.#ownersAround(scope)) {
      this.#row(rows, node, mode, fields, viewer.hidden(node))?.tell(viewer)
    }
  }

  /** Of those who have the same tags, the record's owners are told otherwise. */
  #tellOwners(owner: string, clearance: Clearance, row: Row | undefined, owners: Row | undefined): void {
    for (const viewer of this.#audience.named(owner)) {
      if (viewer.clearance !== clearance || !this.#follows(viewer)) continue
      owners?.tell(viewer)
      if (row !== undefined) this.#table.except(viewer, row)
    }
  }

  /** Those who see a scope outside of all entities, and others with their tags do not: something around it is theirs. */
  #ownersAround(scope: Scope | undefined): ReadonlySet<RestrictedViewer> {
    const found = new Set<RestrictedViewer>()
    for (let at = scope; at !== undefined; at = at.parent) {
      const owner = at instanceof EntityScope || !at.field.owner ? undefined : at.record.marked?.owner
      if (owner === undefined) continue
      for (const viewer of this.#audience.named(owner)) {
        if (this.#follows(viewer) && !sees(viewer.clearance, scope) && viewer.saw(scope)) found.add(viewer)
      }
    }
    return found
  }

  /** Entities came into somebody's view of a map, or left it. */
  looked(view: MapView): void {
    const { viewer, map } = view
    if (!this.#follows(viewer) || map.registry === undefined || !viewer.saw(map.scope)) return
    if (map.born !== this.#version) {
      this.#table.add(map, Mode.change, undefined, view.change()).tell(viewer)
    } else {
      this.#table.add(map, Mode.birth, undefined, view.whole()).tell(viewer)
      // Others are told of the new map that it is empty.
      for (const row of this.#births.get(map) ?? []) this.#table.except(viewer, row)
    }
    for (const { scope } of view.entered) this.#bear(scope.node, viewer)
  }

  /** Somebody is told of a node, with all that it sees below, as new. */
  #bear(node: StateNode, viewer: RestrictedViewer): void {
    const view = node instanceof MapNode && this.#marks.isViewed(node) ? viewer.views.get(node) : undefined
    if (view !== undefined && view.size > 0) {
      this.#table.add(node, Mode.birth, undefined, view.whole()).tell(viewer)
      for (const { scope } of view.sightings) this.#bear(scope.node, viewer)
      return
    }
    const hidden = viewer.hidden(node)
    this.#row(this.#rowsOf(node), node, Mode.birth, node.fieldSet(Mode.birth), hidden)?.tell(viewer)
    if (!this.#marks.isViewed(node)) node.eachChild((child) => this.#bear(child, viewer), hidden)
  }

  /** The rows that tell of a node as new. */
  #rowsOf(node: StateNode): Row[] {
    let rows = this.#births.get(node)
    if (rows === undefined) {
      rows = []
      this.#births.set(node, rows)
    }
    return rows
  }

  /** Among the rows of a node, that for those from whom this is hidden; nothing when nothing is different for them. */
  #row(
    rows: Row[],
    node: StateNode,
    mode: Mode,
    all: FieldSet | undefined,
    hidden: Hidden | undefined,
  ): Row | undefined {
    const fields = narrowed(all, hidden)
    if (mode === Mode.change && fields?.fields.length === 0) return undefined
    for (const row of rows) if (row.fields === fields) return row
    const row = this.#table.add(node, mode, fields, this.#toldOf(node))
    rows.push(row)
    return row
  }

  #toldOf(node: StateNode): Told {
    return node instanceof MapNode && this.#marks.isViewed(node) ? emptyView(node) : node
  }

  #follows(viewer: RestrictedViewer): boolean {
    return viewer.followed === this.#version
  }
}

/** A set of fields without those that are hidden. */
export function narrowed(fields: FieldSet | undefined, hidden: Hidden | undefined): FieldSet | undefined {
  return fields === undefined || hidden === undefined ? fields : hidden.narrow(fields)
}

/** Whether all who have these tags see what is in a scope outside of all entities, whatever is theirs. */
function sees(clearance: Clearance, scope: Scope | undefined): boolean {
  for (let at = scope; at !== undefined; at = at.parent) {
    if (at instanceof EntityScope || isHidden(clearance, at)) return false
  }
  return true
}

function isHidden(clearance: Clearance, { record, field }: FieldScope): boolean {
  return clearance.hidden(record.type, false)?.has(field.index) === true
}
