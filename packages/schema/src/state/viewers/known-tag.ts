import { ownerWord } from '../../visibility-marks.ts'

/** A tag that some field is visible to. @throws TypeError for any other. */
export function knownTag(tags: ReadonlySet<string>, tag: string): string {
  if (tags.has(tag)) return tag
  const known = [...tags].map((name) => JSON.stringify(name)).join(', ')
  if (tag === ownerWord) throw new TypeError(`'${ownerWord}' is no tag: whose a record is, its t.Owner() field says`)
  throw new TypeError(
    `No field of this state is visible to the tag ${JSON.stringify(tag)}. ` +
      (known === '' ? 'There are no tags in its contract: t.Visible names them.' : `Its tags are ${known}.`),
  )
}
