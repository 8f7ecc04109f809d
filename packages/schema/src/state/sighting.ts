import type { EntityScope } from './scope.ts'
import type { MapView } from './map-view.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'

/** An entity in somebody's view. When it has left, it is remembered for a while as what it was. */
export class Sighting {
  readonly view: MapView
  readonly key: string
  /** The entity; none after it has left the view. */
  scope: EntityScope | undefined
  /** The version from which on it is in view; 0 while that version has not been closed. */
  since = 0
  /** The version from which on it is no longer; 0 before. */
  until = 0
  /** It is to leave with the version that is closed next. */
  leaving = false
  /** It is among those that came or are to leave. */
  touched = false
  /** Where it stands among the viewers of the entity. */
  place = -1

  constructor(view: MapView, scope: EntityScope) {
    this.view = view
    this.scope = scope
    this.key = scope.node.key
  }

  get viewer(): RestrictedViewer {
    return this.view.viewer
  }
}
