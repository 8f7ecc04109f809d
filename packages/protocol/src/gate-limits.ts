/** What may stand in a message. */
export interface GateLimits {
  /** How deep arrays and maps may nest; a frame itself is the first level. */
  readonly maxDepth: number
  /** How many values a frame may have, the containers and keys among them. */
  readonly maxElements: number
}

/** For bytes of our own making. */
export const unlimited: GateLimits = { maxDepth: Infinity, maxElements: Infinity }
