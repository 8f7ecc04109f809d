import { generated } from '../generated.ts'
import { fieldSetLength } from '../patch/body.ts'
import type { MakeReaders, ReadRecords } from './mirror-type.ts'
import { recordReaders as plainReaders } from './plain-readers.ts'

/** Records of more fields are read field by field: engines do not optimise so large a function. */
const mostFields = 64

/**
 * Reads records of a type with functions made for it, in which names are constants, and does all that the plain readers do. What mirrors
 * in Node do, and those of a page that chose it. Where text cannot become code, it is the plain readers.
 *
 * What becomes code of what a server sends are the names of fields, as string literals, and nothing else.
 */
export const recordReaders: MakeReaders = (fields) => {
  if (fields.length > mostFields) return plainReaders(fields)
  const bits = fields.map((_, index) => `(s[${index >> 3}]&${1 << (index & 7)})`)
  const names = fields.map(({ name }) => JSON.stringify(name))
  const each = fields.map((_, index) => `f${index}`)
  const compile = (body: string): ((functions: readonly unknown[]) => ReadRecords) | undefined => {
    const make = generated(each, `return(r,m,t,n,s)=>{for(;n--;){${body}}}`)
    // It is what the text says.
    return make && ((functions) => make(...functions) as ReadRecords)
  }
  const values = names.map((name, index) => `${name}:${bits[index]}?${each[index]}(r,o,m):undefined`)
  const birth = compile(`const o=m.birth(r,t);o.value={${values.join()}};m.add(o)`)
  const writes = names.map((name, index) => `if${bits[index]}v[${name}]=${each[index]}(r,o,m);`)
  // Of a record of many fields, most bytes of a set are zero.
  const bytes = Array.from({ length: fieldSetLength(fields.length) }, (_, byte) => {
    return `if(s[${byte}]){${writes.slice(8 * byte, 8 * byte + 8).join('')}}`
  })
  const change = compile(`const o=m.changing(r,t),v=o.value;${bytes.join('')}`)
  if (birth === undefined || change === undefined) return plainReaders(fields)
  return { birth: birth(fields.map(({ read }) => read)), change: change(fields.map((field) => field.change)) }
}
