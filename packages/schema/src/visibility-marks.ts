import { isWellFormed, layoutBounds } from './layout-bounds.ts'
import type { TypeIndex } from './layout.ts'

/** To whom a `t.Visible` field is shown whose record belongs to them. Any other word is a tag. */
export const ownerWord = 'owner'

/** What of a state depends on who looks. None of it is in the layout. */
export interface Visibility {
  /** Of the records that belong to somebody: the name of the field that says to whom. */
  readonly owners: ReadonlyMap<TypeIndex, string>
  /** Of the records with fields that not everybody sees: those fields, each with the tags (and `'owner'`) that see it. */
  readonly fields: ReadonlyMap<TypeIndex, ReadonlyMap<string, readonly string[]>>
  /**
   * Of the records in `fields`: the fields that are optional for clients alone, because they may be hidden. On the server
   * they are always there.
   */
  readonly required: ReadonlyMap<TypeIndex, ReadonlySet<string>>
  /** The maps of which a member has only the entries in its view. */
  readonly viewed: ReadonlySet<TypeIndex>
  /** All tags that any field names, without `'owner'`. */
  readonly tags: ReadonlySet<string>
}

/** What a schema says of one record beside its layout. Records that differ in it are types of their own. */
export class RecordMarks {
  readonly locals: string[] = []
  readonly visible = new Map<string, readonly string[]>()
  readonly required = new Set<string>()
  owner: string | undefined

  /** What tells records of one layout apart; nothing when they are marked in no way. */
  get key(): unknown {
    const { locals, visible, required, owner } = this
    return locals.length + visible.size === 0 && owner === undefined
      ? undefined
      : [locals, [...visible], [...required], owner ?? null]
  }
}

/** What is wrong with those to whom a field is visible; nothing when they are well said. */
export function audienceFault(audience: unknown): string | undefined {
  const tags: readonly unknown[] = Array.isArray(audience) ? audience : [audience]
  if (tags.length === 0) return `is visible to nobody: use t.Local for what stays on the server, or name a tag`
  const named = new Set<string>()
  for (const tag of tags) {
    if (typeof tag !== 'string')
      return `is visible to what is no text: write '${ownerWord}', the name of a tag, or a list of these`
    const quoted = JSON.stringify(tag)
    if (tag === '') return `is visible to '', which is no tag: write '${ownerWord}' or the name of a tag`
    if (tag.length > layoutBounds.nameLength) {
      return `is visible to a tag of ${tag.length} characters; ${layoutBounds.nameLength} is the limit`
    }
    if (!isWellFormed(tag)) return 'is visible to a tag with half a surrogate pair in it'
    if (tag !== ownerWord && tag.trim().toLowerCase() === ownerWord) {
      return `is visible to the tag ${quoted}, which reads like '${ownerWord}': write '${ownerWord}', or call the tag otherwise`
    }
    if (named.has(tag)) return `is visible to ${quoted} twice`
    named.add(tag)
  }
  return undefined
}
