/** What is done, one after the other, until a room is open. Those in words are called so in the log, too. */
export type CreationStep = 'constructor' | 'loading' | { readonly migratingTo: number } | 'onCreate' | 'onRestore'

/** What of a room's own code runs in a step; `undefined`: none, but the store or a migration. */
export function hookOf(step: CreationStep): string | undefined {
  return typeof step === 'string' && step !== 'loading' ? step : undefined
}

/** Why a room that stands at this step is not there yet, for messages. */
export function whatHangs(step: CreationStep): string {
  if (step === 'loading') return 'the store has not answered'
  return `its ${typeof step === 'string' ? step : `migration to version ${step.migratingTo}`} has not ended`
}
