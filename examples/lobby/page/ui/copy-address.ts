/** Copies the address of a path on this host. Resolves with whether that worked. */
export async function copyAddress(path: string): Promise<boolean> {
  try {
    // Absent on pages without TLS that are not on this machine.
    await navigator.clipboard.writeText(`${location.origin}${path}`)
    return true
  } catch {
    return false
  }
}
