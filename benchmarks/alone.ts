import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/** A run cannot begin: its message says why. */
export class CannotRun extends Error {}

/**
 * Sees to it that no second run of this folder goes on meanwhile: both would take the processors from each other, and overwrite what the other
 * has measured. The mark of one that was killed is of no matter.
 *
 * @param folder Where results are written, with a slash at its end. It is made when it is missing.
 * @returns how the run says that it is over.
 * @throws CannotRun when one goes on, or nothing can be written there.
 */
export function runAlone(folder: URL): () => void {
  const mark = new URL('running', folder)
  const other = readIfThere(mark)
  if (other !== undefined && isAlive(Number(other)))
    throw new CannotRun(
      `another run goes on (process ${other}): wait for it, or end it. Both at once would measure each other`,
    )
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(mark, String(process.pid))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CannotRun(`results could not be written: ${reason}`, { cause: error })
  }
  return () => rmSync(mark, { force: true })
}

function readIfThere(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
