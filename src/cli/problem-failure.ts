// Turns a problem document (RFC 9457) into a sentence for the person at the terminal, with all its issues and a hint.
import { exitCodes } from "../runtime/exit.ts"
import { CommandFailed } from "./command-failed.ts"
import { type Fields, isFields, textField } from "./fields.ts"
import { printable } from "./printable.ts"

/** What another try may mend without anyone's help. */
const passing = new Set(["unavailable", "version-unavailable", "too-many-requests", "outcome-unknown"])

export function failureOf(problem: Fields, { withoutToken = false, mayBeDone = false } = {}): CommandFailed {
  const code = textField(problem, "code")
  return new CommandFailed(problemSentence(problem), {
    exitCode: passing.has(code ?? "") ? exitCodes.stuck : exitCodes.failed,
    hint: hintOf(problem, code, withoutToken),
    mayBeDone,
  })
}

/** `detail`, where it is, and every issue on a line of its own, unless `detail` is the only one. */
export function problemSentence(problem: Fields): string {
  const detail = textField(problem, "detail") ?? textField(problem, "title") ?? "The request was refused."
  const issues = Array.isArray(problem["issues"]) ? problem["issues"].filter(isFields) : []
  const where = textField(problem, "pointer")
  const code = textField(problem, "code")
  const head = `${printable(detail)}${where === undefined || issues.length > 0 ? "" : ` (at ${printable(where)})`}${code === undefined ? "" : ` [${printable(code)}]`}`
  const [only] = issues
  const isSaid = issues.length === 1 && detail.includes(textField(only ?? {}, "message") ?? detail)
  const lines = (isSaid ? [] : issues).map((issue) => `  ${printable(textField(issue, "pointer") ?? "")}: ${printable(textField(issue, "message") ?? "")}`)
  return [head, ...lines].join("\n")
}

function hintOf(problem: Fields, code: string | undefined, withoutToken: boolean): string | undefined {
  const primary = textField(problem, "primary")
  // In words of the command line, where it knows better than a hint for those who speak HTTP.
  if (code === "not-primary" && primary !== undefined) return `The primary is at ${printable(primary)}: use --url ${printable(primary)}`
  if (code === "unauthenticated" && withoutToken) return "No API key was found: set TANDEM_TOKEN, or --token-file, or --data to a directory with a root.key."
  if (code === "unauthenticated") return "Is the key (TANDEM_TOKEN, --token-file, or root.key of --data) one of this pair, and not revoked?"
  const own = textField(problem, "hint")
  return own === undefined ? undefined : printable(own)
}
