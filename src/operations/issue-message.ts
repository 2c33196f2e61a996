// What is wrong with a value, as the end of a sentence that begins with its name. Never quotes the value, which may be a secret.
import type { BaseIssue } from "valibot"

/** Messages of our own are taken as they are; the library's own quote the value. */
export function issueMessage(issue: BaseIssue<unknown>): string {
  if (!issue.message.startsWith("Invalid ")) return issue.message
  if (issue.received === "undefined") return "is missing"
  const { requirement } = issue
  const unit = Array.isArray(issue.input) ? "values" : "characters"
  switch (issue.type) {
    case "string":
      return "must be a text"
    case "number":
    case "finite":
      return "must be a number"
    case "boolean":
      return "must be true or false"
    case "safe_integer":
    case "integer":
      return "must be a whole number"
    case "array":
      return "must be a list"
    case "object":
    case "strict_object":
    case "record":
      return "must be an object"
    case "min_length":
      return requirement === 1 ? "must not be empty" : `must have at least ${requirement} ${unit}`
    case "max_length":
      return `must have at most ${requirement} ${unit}`
    case "min_value":
      return `must be at least ${requirement}`
    case "max_value":
      return `must be at most ${requirement}`
    case "picklist":
      return `must be one of ${[...(issue.expected ?? "").matchAll(/"([^"]*)"/g)].map(([, word]) => word).join(", ")}`
    default:
      return "is invalid"
  }
}

/** Whether what is wrong is that the field is there at all. */
export function isUnknownField(issue: BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never"
}
