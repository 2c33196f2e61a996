// An operator's decision in a line: what, by whose key, and why.
import { type Fields, textField } from "./fields.ts"
import { inline } from "./printable.ts"

export function decisionText(decision: Fields): string {
  const why = textField(decision, "reason") ?? ""
  return `${inline(decision["what"])} by ${inline(decision["by"])}${decision["forced"] === true ? ", forced" : ""}${why === "" ? "" : `: ${inline(why)}`}`
}
