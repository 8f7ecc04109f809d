/**
 * For the option `readers` of a client in a page: reads the records of a state with functions made for their types. A page with a
 * content security policy must have `'unsafe-eval'` in it; without, the policy reports one violation, and everything is read as by default.
 *
 * ```ts
 * import { JuntoClient } from '@junto/client'
 * import { compiledReaders } from '@junto/client/compiled-readers'
 *
 * const client = new JuntoClient({ url: 'ws://localhost:1727', readers: compiledReaders })
 * ```
 */
export { compiledReaders } from '@junto/schema/internal'
