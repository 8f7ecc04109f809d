import type { EntityScope } from './scope.ts'
import type { MapView } from './map-view.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'

/** An entity in somebody's view. */
export class Sighting {
  readonly view: MapView
  readonly key: string
  readonly scope: EntityScope
  /** The version from which on it is in view; 0 while that version has not been closed. */
  since = 0
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
