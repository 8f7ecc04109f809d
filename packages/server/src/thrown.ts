/**
 * What code of a program threw, if it is an error of this class that can be looked at. Code may throw anything: a proxy or a getter may
 * throw in its turn at whoever asks what it is, and whoever deals with an error must not fail.
 */
export function thrownAs<E extends Error>(thrown: unknown, kind: abstract new (...args: never) => E): E | undefined {
  try {
    if (!(thrown instanceof kind)) return undefined
    // What will be asked of it next.
    void thrown.name
    void thrown.message
    Object.values(thrown)
    return thrown
  } catch {
    return undefined
  }
}
