/** What whoever started the tool has to mend: an option, the scenario, an address. The message says what, and how. Ends with exit code 2. */
export class UsageError extends Error {}
UsageError.prototype.name = 'UsageError'

/** Whether it is one, of this copy of the package or of one that a scenario has loaded. */
export function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && error.name === 'UsageError'
}
