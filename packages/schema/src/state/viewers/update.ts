/**
 * What brings a viewer from what it has to the present version. All viewers that get the same get the same object; its bytes
 * must not be written to.
 */
export interface Update {
  /** A patch follows on what the viewer has; a snapshot replaces it. */
  readonly kind: 'patch' | 'snapshot'
  readonly bytes: Uint8Array
}
