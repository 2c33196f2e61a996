// A request's body as JSON of a shape, or all that is wrong with it.
import * as v from "valibot"
import { isUnknownField, issueMessage } from "../operations/issue-message.ts"
import { escapePointer, parseJson } from "../operations/json-rules.ts"
import { isRefusal, type Issue, type Refusal, refuse } from "../refusal.ts"
import { checkContentType, readText } from "./body.ts"
import type { Exchange } from "./exchange.ts"

/** `looks` shows what the body must be. */
export async function readJson<Shape extends v.GenericSchema>({ request, shared }: Exchange, shape: Shape, looks: string): Promise<v.InferOutput<Shape> | Refusal> {
  const wrongType = checkContentType(request, "application/json")
  if (wrongType !== undefined) return wrongType
  const text = await readText(request, shared.settings.bodyBytesMax)
  if (isRefusal(text)) return text
  const json = parseJson(text)
  if (isRefusal(json)) return json
  // An object without required fields takes an array for one.
  if (Array.isArray(json.value)) return refuse("malformed", `The body must be ${looks}.`, { pointer: "", issues: [{ pointer: "", code: "object", message: "must be an object" }] })
  const parsed = v.safeParse(shape, json.value, { abortPipeEarly: true })
  if (parsed.success) return parsed.output
  const issues = parsed.issues.map(issueOf)
  const detail = parsed.issues.some(isUnknownField) ? "The body has an unknown field." : `The body must be ${looks}.`
  return refuse("malformed", detail, { pointer: issues[0]?.pointer ?? "", issues })
}

function issueOf(issue: v.BaseIssue<unknown>): Issue {
  const pointer = (issue.path ?? []).map((step) => `/${escapePointer(String(step.key))}`).join("")
  const unknown = isUnknownField(issue)
  return { pointer, code: unknown ? "unknown-field" : issue.type, message: unknown ? "is not a field here" : issueMessage(issue) }
}
