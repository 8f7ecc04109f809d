import type { Mode } from '../../patch/body.ts'
import type { FieldSet } from '../nodes/field-set.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import type { EntityScope } from './scope.ts'
import type { Told } from '../nodes/state-node.ts'
import type { Clearance } from './visibility.ts'

/** What a turn tells of a node to all who see the same of it. */
export class Row {
  readonly id: number
  readonly told: Told
  readonly mode: Mode
  readonly fields: FieldSet | undefined
  /** It is told to all in whose view that entity is. */
  scope: EntityScope | undefined = undefined
  /** It is told to all of these clearances. */
  clearances: Clearance[] | undefined = undefined
  /** It is told to these. */
  viewers: RestrictedViewer[] | undefined = undefined
  /** Where it stands in the table. */
  place = -1

  constructor(told: Told, mode: Mode, fields: FieldSet | undefined) {
    this.id = told.id
    this.told = told
    this.mode = mode
    this.fields = fields
  }

  /** It is told to one more. */
  tell(viewer: RestrictedViewer): void {
    if (this.viewers === undefined) this.viewers = [viewer]
    else this.viewers.push(viewer)
  }

  /** It is told to all of one more clearance. */
  tellAll(clearance: Clearance): void {
    if (this.clearances === undefined) this.clearances = [clearance]
    else this.clearances.push(clearance)
  }

  /** Tells those whom it concerns where it stands, if they follow. */
  announce(place: number, version: number): void {
    const { scope, viewers, clearances } = this
    this.place = place
    if (scope !== undefined) {
      for (const viewer of scope.viewers) if (viewer.followed === version) viewer.places.add(place)
    }
    if (viewers !== undefined) for (const viewer of viewers) viewer.places.add(place)
    if (clearances !== undefined) for (const { common } of clearances) common.places.add(place)
  }
}
