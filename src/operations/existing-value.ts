// Whether an entity that is there already is what a definition asks for, as it stands: nothing is filled in or rewritten for it.
import type { Issue } from "../refusal.ts"
import type { Definition, Fields } from "./definition.ts"
import { checkValue } from "./document-value.ts"
import type { JsonObject } from "./fields.ts"
import { type IsThere, placeIssues } from "./place-issues.ts"

/** An entity that stands in the way of a definition, with what is wrong with it. */
export interface Offender {
  readonly id: string
  readonly message: string
}

export function existingIssue(definition: Definition, id: string, value: JsonObject, isThere: IsThere): string | undefined {
  const checked = checkValue(withoutDefaults(definition), value, "")
  const issue = "issues" in checked ? checked.issues[0] : (changedIssue(value, checked.value) ?? placeIssues(definition, id, value, "", isThere)[0])
  return issue && `\`${issue.pointer.slice(1)}\` ${issue.message}`
}

/** A time that was written as a text is in no index where it belongs. */
function changedIssue(before: JsonObject, after: JsonObject): Issue | undefined {
  const name = Object.keys(after).find((one) => typeof after[one] === "string" && after[one] !== before[one])
  return name === undefined ? undefined : { pointer: `/${name}`, code: "time", message: `is not written as ${JSON.stringify(after[name])}` }
}

const bare = new WeakMap<Fields, Fields>()

function withoutDefaults(definition: Definition): Definition {
  const { fields } = definition
  if (fields === null) return definition
  let without = bare.get(fields)
  if (without === undefined) {
    without = Object.fromEntries(Object.entries(fields).map(([name, { default: _, ...field }]) => [name, field]))
    bare.set(fields, without)
  }
  return { ...definition, fields: without }
}
