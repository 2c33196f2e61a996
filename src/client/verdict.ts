// What one try's end means for the call: done, refused for good, or worth another try. Pure.
import type { Answer, Lost } from "./attempt.ts"
import { type Problem, problemOf } from "./problem.ts"

export type Verdict =
  | { readonly kind: "done"; readonly answer: Answer }
  | { readonly kind: "refused"; readonly problem: Problem; readonly status: number; readonly unknown: boolean }
  | Again

export interface Again {
  readonly kind: "again"
  readonly status: number
  readonly why: string
  /** Whether this try may have committed the transaction, or may yet do so. */
  readonly unknown: boolean
  readonly problem: Problem | undefined
  readonly cause: unknown
  readonly retryAfterMs: number
}

export function verdictOn(end: Answer | Lost): Verdict {
  const { status } = end
  if (end.kind === "answer" && ((status >= 200 && status < 300) || status === 304)) return { kind: "done", answer: end }
  const problem = end.kind === "answer" ? problemOf(end) : undefined
  if (problem !== undefined) return verdictOnProblem(problem, status)
  if (status >= 400 && status < 500) return { kind: "refused", status, unknown: false, problem: notANode(status) }
  const why = end.kind === "lost" ? end.why : `status ${status} from something that is no node`
  return { kind: "again", status, why, unknown: true, problem: undefined, cause: end.kind === "lost" ? end.cause : undefined, retryAfterMs: 0 }
}

function verdictOnProblem(problem: Problem, status: number): Verdict {
  const again = (unknown: boolean): Verdict => {
    return { kind: "again", status, why: problem.detail, unknown, problem, cause: undefined, retryAfterMs: (problem.retryAfter ?? 0) * 1_000 }
  }
  if (problem.code === "outcome-unknown") return again(true)
  // By its code, so that no proxy's answer passes for a node's word that nothing was committed.
  if (status === 503 || status === 421) return again(false)
  // A bug there: trying again could end that node time after time.
  return { kind: "refused", problem, status, unknown: status === 500 }
}

function notANode(status: number): Problem {
  return { code: "unexpected-answer", detail: `The answer, with status ${status}, is not a node's.`, hint: "Is this the URL of a Tandem node?" }
}

/** Refusals that do not look at the transaction: they say nothing of a try before them. */
const blind: ReadonlySet<string> = new Set(["unauthenticated", "forbidden", "too-many-requests", "too-large", "disk-full", "unexpected-answer"])

export function saysNothingOfEarlierTries({ code }: Problem): boolean {
  return blind.has(code)
}
