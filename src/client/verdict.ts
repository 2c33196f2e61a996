// What one try's end means for the call: done, refused for good, or worth another try. Pure.
import type { Answer, Lost, Opened } from "./attempt.ts"
import type { ErrorCode } from "./error-code.ts"
import { type Problem, problemOf } from "./problem.ts"

export type Verdict<Done extends Answer | Opened> =
  | { readonly kind: "done"; readonly answer: Done }
  | { readonly kind: "refused"; readonly problem: Problem; readonly status: number; readonly unknown: boolean }
  | Again

export interface Again {
  readonly kind: "again"
  /** 0 where no answer came. */
  readonly status: number
  readonly why: string
  /** Whether this try may have committed the transaction, or may yet do so. */
  readonly unknown: boolean
  readonly problem: Problem | undefined
  readonly cause: unknown
  readonly retryAfterMs: number
}

export function verdictOn<Done extends Answer | Opened>(end: Done | Answer | Lost): Verdict<Done> {
  if (end.kind === "lost") return { kind: "again", status: 0, why: end.why, unknown: true, problem: undefined, cause: end.cause, retryAfterMs: 0 }
  if (isDone(end)) return { kind: "done", answer: end as Done }
  const { status } = end
  const problem = problemOf(end as Answer)
  if (problem !== undefined) return verdictOnProblem(problem, status)
  const why = answered(end as Answer)
  if (status >= 300 && status < 500) return { kind: "refused", status, unknown: false, problem: notANode(why, end.headers.get("location")) }
  return { kind: "again", status, why, unknown: true, problem: undefined, cause: undefined, retryAfterMs: 0 }
}

/** An answer that is no JSON is not from a node, or was cut. */
function isDone(end: Answer | Opened): boolean {
  return end.kind === "opened" || end.status === 304 || (end.status >= 200 && end.status < 300 && end.json !== undefined)
}

/** What something said that is no node: a proxy, or a server of another kind. */
function answered({ status, statusText, text }: Answer): string {
  const start = text.trim().slice(0, 200)
  const line = `HTTP ${status} ${statusText}`.trim()
  return start === "" || line.includes(start) ? `${line}.` : `${line}: ${start}`
}

function verdictOnProblem(problem: Problem, status: number): Verdict<never> {
  const again = (unknown: boolean): Again => {
    return { kind: "again", status, why: problem.detail, unknown, problem, cause: undefined, retryAfterMs: (problem.retryAfter ?? 0) * 1_000 }
  }
  if (problem.code === "outcome-unknown") return again(true)
  // By its code, so that no proxy's answer passes for a node's word that nothing was committed.
  if (status === 503 || status === 421) return again(false)
  // A bug there: trying again could end that node time after time.
  return { kind: "refused", problem, status, unknown: status === 500 }
}

function notANode(why: string, location: string | null): Problem {
  const hint = location === null ? "Is this the URL of a Tandem node?" : `It redirects to ${location}: choose where that leads as the URL.`
  return { code: "unexpected-answer", detail: why, hint }
}

/** Refusals that do not look at the transaction: they say nothing of a try before them. */
const blind: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "forbidden", "too-many-requests", "too-large", "disk-full", "unexpected-answer"])

export function saysNothingOfEarlierTries({ code }: Problem): boolean {
  return blind.has(code)
}
