// What a value cannot be where it stands, whatever it could be elsewhere: a reference that names nothing, a text that is too long
// for an index beside its id. Of values on their way in and of those that are there already.
import { bounds } from "../bounds.ts"
import type { Issue } from "../refusal.ts"
import { type Definition, isIndexed } from "./definition.ts"
import type { JsonObject } from "./fields.ts"

/** Whether there is an entity that a reference may name. */
export type IsThere = (collection: string, id: string) => boolean

/** `pointer` is where the value stands. */
export function placeIssues({ name: collection, fields }: Definition, id: string, value: JsonObject, pointer: string, isThere: IsThere): Issue[] {
  const issues: Issue[] = []
  for (const name in fields) {
    const field = fields[name]
    const own = value[name]
    // Only texts name something, or can be too long.
    if (field === undefined || typeof own !== "string" || !isIndexed(field) || own.length > bounds.keyBytesMax) continue
    // An entity may name itself while it is made.
    const isItself = field.to === collection && own === id
    if (field.to !== undefined && !isItself && !isThere(field.to, own)) {
      issues.push({ pointer: `${pointer}/${name}`, code: "reference", message: `names nothing that is in \`${field.to}\`` })
    }
    if (Buffer.byteLength(collection + name + id + own) + versionedBytes <= bounds.keyBytesMax) continue
    issues.push({ pointer: `${pointer}/${name}`, code: "key_bytes", message: `has, together with the id, more than ${bounds.keyBytesMax} bytes as UTF-8` })
  }
  return issues
}

/** What keys have besides: the value's tag, `@` and a version, the longest there can be, as an index may begin anew at any. */
const versionedBytes = 1 + `@${2 ** 48}`.length
