// Turns a problem document (RFC 9457) into a sentence for the person at the terminal, with all its issues and a hint.
import { exitCodes } from "../runtime/exit.ts"
import { CommandFailed } from "./command-failed.ts"
import { type Fields, isFields, textField } from "./fields.ts"
import { printable } from "./printable.ts"

/** What another try may mend without anyone's help. */
const passing = new Set(["unavailable", "version-unavailable", "too-many-requests", "outcome-unknown"])

export async function problemFailure(answer: Response, withoutToken: boolean): Promise<CommandFailed> {
  const text = await answer.text()
  const problem = parse(text)
  if (problem === undefined) {
    return new CommandFailed(`HTTP ${answer.status} ${answer.statusText}: ${printable(text.slice(0, 200))}`, {
      hint: "Is this the URL of a Tandem node?",
    })
  }
  return failureOf(problem, withoutToken)
}

export function failureOf(problem: Fields, withoutToken = false): CommandFailed {
  const code = textField(problem, "code")
  return new CommandFailed(problemSentence(problem), {
    exitCode: passing.has(code ?? "") ? exitCodes.stuck : exitCodes.failed,
    hint: hintOf(problem, code, withoutToken),
  })
}

/** `detail`, where it is, and every issue on a line of its own. */
export function problemSentence(problem: Fields): string {
  const detail = textField(problem, "detail") ?? textField(problem, "title") ?? "The request was refused."
  const issues = Array.isArray(problem["issues"]) ? problem["issues"].filter(isFields) : []
  const where = textField(problem, "pointer")
  const code = textField(problem, "code")
  const head = `${printable(detail)}${where === undefined || issues.length > 0 ? "" : ` (at ${printable(where)})`}${code === undefined ? "" : ` [${code}]`}`
  const lines = issues.map((issue) => `  ${printable(textField(issue, "pointer") ?? "")}: ${printable(textField(issue, "message") ?? "")}`)
  return [head, ...lines].join("\n")
}

function hintOf(problem: Fields, code: string | undefined, withoutToken: boolean): string | undefined {
  const own = textField(problem, "hint")
  if (own !== undefined) return printable(own)
  const primary = textField(problem, "primary")
  if (code === "not-primary" && primary !== undefined) return `The primary is at ${primary}: use --url ${primary}`
  if (code === "unauthenticated" && withoutToken) return "No token was found: set TANDEM_TOKEN, or --token-file, or --data with a root.key."
  if (code === "unauthenticated") return "Is the key one of this pair, and not revoked?"
  if (code === "outcome-unknown") return "Run it again with the same --key: it is never done twice."
  return undefined
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) && typeof value["status"] === "number" ? value : undefined
  } catch {
    return undefined
  }
}
