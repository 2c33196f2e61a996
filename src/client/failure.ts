// The errors that a call ends with: each says honestly whether the transaction may be committed. Pure.
import type { ErrorCode } from "./error-code.ts"
import type { Problem } from "./problem.ts"
import { type ErrorOutcome, TandemError } from "./tandem-error.ts"
import { type Again, saysNothingOfEarlierTries } from "./verdict.ts"

/** What the call knows of its tries so far. */
export interface Known {
  /** The key of a transaction; undefined for what writes nothing. */
  readonly key: string | undefined
  /** Whether one of its tries may have committed it. */
  readonly mayBeDone: boolean
  /** Of the page that asks, where no node has done anything for it yet. */
  readonly origin?: string | undefined
}

export function refused({ problem, status, unknown }: { readonly problem: Problem; readonly status: number; readonly unknown: boolean }, known: Known): TandemError {
  const mayBeDone = (known.key !== undefined && unknown) || (known.mayBeDone && saysNothingOfEarlierTries(problem))
  return ofProblem(problem, status, known, outcomeOf(mayBeDone))
}

/** The last try that could be made is over. */
export function gaveUp(last: Again | undefined, known: Known): TandemError {
  if (!known.mayBeDone && last?.problem !== undefined) return ofProblem(last.problem, last.status, known, "not-committed")
  const what = known.mayBeDone ? "Whether the transaction is committed could not be found out" : "No node answered"
  const why = last === undefined ? "no time was left" : last.why.replace(/\.$/, "")
  const cause = last?.cause ?? (last === undefined ? undefined : new Error(last.why))
  const usual = common(known)
  const hint = originHint(last, known) ?? usual.hint
  return new TandemError({ ...usual, hint, code: codeOf(last, known), message: `${what}: ${why}.`, status: last?.status, problem: last?.problem, cause })
}

function originHint(last: Again | undefined, { origin }: Known): string | undefined {
  return origin === undefined || last?.status !== 0 ? undefined : `Do the nodes run, and with \`--cors-origin ${origin}\`? Browsers do not tell a page which of both it is.`
}

function codeOf(last: Again | undefined, { mayBeDone }: Known): ErrorCode {
  if (mayBeDone) return "outcome-unknown"
  // Something did answer, and well, but it is no node.
  return last !== undefined && last.status >= 200 && last.status < 300 ? "unexpected-answer" : "unreachable"
}

export function aborted(cause: unknown, known: Known): TandemError {
  return new TandemError({ ...common(known), code: "aborted", message: "The call was aborted.", cause })
}

function common(known: Known) {
  const hint = known.mayBeDone ? "Send the same transaction with the same `key` again, or ask for `outcome(key)`." : undefined
  return { key: known.key, outcome: outcomeOf(known.mayBeDone), hint }
}

function ofProblem(problem: Problem, status: number, known: Known, outcome: ErrorOutcome): TandemError {
  const { code, detail, issues, operation, pointer, version, retryAfter, hint } = problem
  return new TandemError({ code, message: detail, status, outcome, issues, operation, pointer, key: known.key, version, retryAfter, hint, problem: isNodes(problem) ? problem : undefined })
}

/** Or what this client says of an answer that is none of a node's. */
function isNodes({ code }: Problem): boolean {
  return code !== "unexpected-answer"
}

function outcomeOf(mayBeDone: boolean): ErrorOutcome {
  return mayBeDone ? "unknown" : "not-committed"
}
