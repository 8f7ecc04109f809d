/** What whoever started the tool has to mend: an option, the scenario, an address. The message says what, and how. Ends with exit code 2. */
export class UsageError extends Error {}
UsageError.prototype.name = 'UsageError'
