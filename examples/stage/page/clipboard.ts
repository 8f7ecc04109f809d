/** Copies a text. Resolves with whether that worked: where it did not, the page has to show the text. */
export async function copied(text: string): Promise<boolean> {
  try {
    // Absent on pages without TLS that are not on this machine.
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
