import { Handle } from './state-node.ts'

/** The handle of a record: its fields are accessors on the prototype of a class made per type. */
export abstract class RecordHandle extends Handle {}
