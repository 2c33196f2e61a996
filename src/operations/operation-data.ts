// Checks the data of one operation against its schema, and says everything that is wrong with it at once.
import * as v from "valibot"
import type { Issue } from "../refusal.ts"
import { isUnknownField, issueMessage } from "./issue-message.ts"
import { escapePointer } from "./json-rules.ts"
import { isObject } from "./merge-patch.ts"
import type { Operation } from "./operation.ts"

type Checked = { readonly data: unknown } | { readonly issues: Issue[] }

export function checkData(operation: Operation<unknown>, data: unknown, index: number): Checked {
  return check(operation.schema, data, index)
}

/** Of data that still holds references: its secrets only, in which no reference may stand. */
export function checkSecrets(operation: Operation<unknown>, data: unknown, index: number): Checked {
  const { secretFields = [] } = operation
  if (secretFields.length === 0) return { data }
  if (!isObject(data)) return checkData(operation, data, index)
  const checked = check(v.object(entriesOf(operation, (field) => secretFields.includes(field))), data, index)
  return "issues" in checked ? checked : { data: { ...data, ...(checked.data as object) } }
}

/** Of data whose references are resolved, and whose secrets have been replaced before. */
export function checkResolved(operation: Operation<unknown>, data: unknown, index: number): Checked {
  const { secretFields = [] } = operation
  if (secretFields.length === 0) return checkData(operation, data, index)
  return check(v.strictObject(entriesOf(operation, (field) => !secretFields.includes(field))), data, index)
}

/** Operations with secret fields have an object schema. */
function entriesOf({ schema }: Operation<unknown>, isWanted: (field: string) => boolean): v.ObjectEntries {
  const { entries } = schema as unknown as { readonly entries: v.ObjectEntries }
  return Object.fromEntries(Object.entries(entries).filter(([field]) => isWanted(field)))
}

function check(schema: v.GenericSchema, data: unknown, index: number): Checked {
  // Of each field, the first thing that is wrong: what is too long is not looked at any further.
  const parsed = v.safeParse(schema, data, { abortPipeEarly: true })
  if (parsed.success) return { data: parsed.output }
  return { issues: parsed.issues.map((issue) => issueOf(issue, index)) }
}

function issueOf(issue: v.BaseIssue<unknown>, operation: number): Issue {
  const pointer = (issue.path ?? []).map((step) => `/${escapePointer(String(step.key))}`).join("")
  const unknown = isUnknownField(issue)
  return { operation, pointer, code: unknown ? "unknown-field" : issue.type, message: unknown ? "is not a field of this operation" : issueMessage(issue) }
}
