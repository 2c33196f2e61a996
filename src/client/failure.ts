// The errors that a call ends with: each says honestly whether the transaction may be committed. Pure.
import type { Problem } from "./problem.ts"
import { type ErrorOutcome, TandemError } from "./tandem-error.ts"
import { type Again, saysNothingOfEarlierTries } from "./verdict.ts"

/** What the call knows of its tries so far. */
export interface Known {
  /** The key of a transaction; undefined for what writes nothing. */
  readonly key: string | undefined
  /** Whether one of its tries may have committed it. */
  readonly mayBeDone: boolean
}

export function refused({ problem, status, unknown }: { readonly problem: Problem; readonly status: number; readonly unknown: boolean }, known: Known): TandemError {
  const mayBeDone = (known.key !== undefined && unknown) || (known.mayBeDone && saysNothingOfEarlierTries(problem))
  return ofProblem(problem, status, known, outcomeOf(mayBeDone))
}

/** The last try that could be made is over. */
export function gaveUp(last: Again | undefined, timeoutMs: number, known: Known): TandemError {
  const why = last === undefined ? "no time was left" : last.why
  if (!known.mayBeDone && last?.problem !== undefined) return ofProblem(last.problem, last.status, known, "not-committed")
  const code = known.mayBeDone ? "outcome-unknown" : "unreachable"
  const what = known.mayBeDone ? "Whether the transaction is committed could not be found out" : "No node answered"
  return new TandemError({ ...common(known), code, message: `${what} within ${timeoutMs} ms: ${why.replace(/\.$/, "")}.`, status: last?.status, cause: last?.cause })
}

export function aborted(cause: unknown, known: Known): TandemError {
  return new TandemError({ ...common(known), code: "aborted", message: "The call was aborted.", cause })
}

function common(known: Known) {
  const hint = known.mayBeDone ? "Send the same transaction with the same `key` again, or ask for `outcome(key)`." : undefined
  return { key: known.key, outcome: outcomeOf(known.mayBeDone), hint }
}

function ofProblem(problem: Problem, status: number, known: Known, outcome: ErrorOutcome): TandemError {
  const { code, detail, issues, operation, pointer, version, oldestVersion, retryAfter, hint } = problem
  return new TandemError({ code, message: detail, status, outcome, issues, operation, pointer, key: known.key, version, oldestVersion, retryAfter, hint })
}

function outcomeOf(mayBeDone: boolean): ErrorOutcome {
  return mayBeDone ? "unknown" : "not-committed"
}
