// Checks the data of one operation against its schema, and says everything that is wrong with it at once.
import * as v from "valibot"
import type { Issue } from "../refusal.ts"
import { escapePointer } from "./json-rules.ts"
import type { Operation } from "./operation.ts"

export function checkData(operation: Operation<unknown>, data: unknown, index: number): { readonly data: unknown } | { readonly issues: Issue[] } {
  const parsed = v.safeParse(operation.schema, data)
  if (parsed.success) return { data: parsed.output }
  return { issues: parsed.issues.map((issue) => issueOf(issue, index)) }
}

function issueOf(issue: v.BaseIssue<unknown>, operation: number): Issue {
  const pointer = (issue.path ?? []).map((step) => `/${escapePointer(String(step.key))}`).join("")
  const unknown = issue.type === "strict_object" && issue.expected === "never"
  return { operation, pointer, code: unknown ? "unknown-field" : issue.type, message: unknown ? "is not a field of this operation" : messageOf(issue) }
}

/** The library's own messages quote the value, which may be a secret. */
function messageOf(issue: v.BaseIssue<unknown>): string {
  if (!issue.message.startsWith("Invalid ")) return issue.message
  if (issue.received === "undefined") return "is missing"
  return issue.expected === null ? "is invalid" : `must be ${issue.expected}`
}
