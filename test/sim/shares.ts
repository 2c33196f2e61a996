// Tries the cases of a job on several cores: each process takes every n-th, and all stop once one of them fails.
import { fork } from "node:child_process"
import { join } from "node:path"
import { type Case, casesOf, type Job } from "./cases.ts"

export interface Totals {
  cases: number
  acknowledged: number
  crashes: number
  stuck: number
  rejected: number
  disksLost: number
  promotions: number
  handovers: number
  rejoins: number
  solos: number
  partings: number
  discards: number
  copies: number
  upgrades: number
}

export interface Failure {
  /** Arguments of `npm run sim --`. */
  readonly replay: string
  /** The checker or assertion that failed; empty for anything else that was thrown. */
  readonly check: string
  readonly error: string
}

export interface Outcome {
  readonly totals: Totals
  readonly failure: Failure | undefined
}

export interface Share {
  readonly job: Job
  readonly nth: number
  readonly of: number
}

type Report = { readonly totals: Totals } | { readonly outcome: Outcome }

/** Of progress: often enough to be seen, seldom enough to cost nothing. */
const reportEveryCases = 250

export function nothingYet(): Totals {
  return { cases: 0, acknowledged: 0, crashes: 0, stuck: 0, rejected: 0, disksLost: 0, promotions: 0, handovers: 0, rejoins: 0, solos: 0, partings: 0, discards: 0, copies: 0, upgrades: 0 }
}

/** In this process. */
export async function tryShare({ job, nth, of }: Share, progress: (totals: Totals) => void): Promise<Outcome> {
  const totals = nothingYet()
  let n = 0
  for (const one of casesOf(job)) {
    if (n++ % of !== nth) continue
    const failure = tryCase(one, totals)
    if (failure !== undefined) return { totals, failure }
    if (totals.cases % reportEveryCases !== 0) continue
    progress({ ...totals })
    // Hears meanwhile that its parent is gone.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { totals, failure: undefined }
}

function tryCase(one: Case, totals: Totals): Failure | undefined {
  totals.cases++
  try {
    const { acknowledged, counts } = one.run()
    totals.acknowledged += acknowledged
    totals.crashes += counts.crashes
    totals.stuck += counts.stuck
    totals.rejected += counts.rejected
    totals.disksLost += counts.disksLost
    totals.promotions += counts.promotions
    totals.handovers += counts.handovers
    totals.rejoins += counts.rejoins
    totals.solos += counts.solos
    totals.partings += counts.partings
    totals.discards += counts.discards
    totals.copies += counts.copies
    totals.upgrades += counts.upgrades
    return undefined
  } catch (error) {
    return failureOf(one, error)
  }
}

export function failureOf({ replay }: Case, error: unknown): Failure {
  const named = error as { readonly check?: string; readonly invariant?: string }
  return { replay, check: named.check ?? named.invariant ?? "", error: error instanceof Error ? (error.stack ?? String(error)) : String(error) }
}

/** On `workers` processes. */
export async function tryJob(job: Job, workers: number, progress: (totals: Totals) => void = () => {}): Promise<Outcome> {
  const newest = Array.from({ length: workers }, nothingYet)
  const children = newest.map(() => fork(join(import.meta.dirname, "share-process.ts")))
  let failure: Failure | undefined
  const finished = children.map((child, nth) => {
    const share: Share = { job, nth, of: workers }
    child.send(share)
    return new Promise<void>((resolve, reject) => {
      child.on("message", (report: Report) => {
        newest[nth] = "outcome" in report ? report.outcome.totals : report.totals
        progress(sumOf(newest))
        if (!("outcome" in report)) return
        failure ??= report.outcome.failure
        resolve()
        if (failure !== undefined) for (const each of children) each.kill()
      })
      child.on("exit", (code) => (failure === undefined ? reject(new Error(`a process of the simulator ended with ${code}`)) : resolve()))
    })
  })
  await Promise.all(finished)
  for (const child of children) child.kill()
  return { totals: sumOf(newest), failure }
}

function sumOf(all: readonly Totals[]): Totals {
  const sum = nothingYet()
  for (const totals of all) for (const name of Object.keys(sum) as (keyof Totals)[]) sum[name] += totals[name]
  return sum
}
