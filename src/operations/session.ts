// What the session operations share. A session ends at `expiresAt`, however often it is touched, and where it has an `idle`
// time at `idleExpiresAt`, unless it is touched before. Ends are judged by record time, so both nodes agree.
import { type Refusal, refuse } from "../refusal.ts"
import { hasExpired } from "./account-entries.ts"
import { timeAfter } from "./durations.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"

export const sessionPrefix = "ts_"

export interface Session extends EntityBody {
  readonly userId: string
  readonly expiresAt: string
  readonly idleExpiresAt: string | null
  readonly idle: string | null
  readonly data: unknown
}

/** When a session that is touched at `time` ends unless it is touched again; null where only `expiresAt` counts. */
export function idleEnd(time: string, idle: string | null, expiresAt: string): string | null {
  if (idle === null) return null
  const end = timeAfter(time, idle)
  return end < expiresAt ? end : expiresAt
}

/** A session that has not ended. */
export function liveSession(view: TransactionView, id: string): Session | undefined {
  const found = view.find("sessions", id)
  return found === undefined || hasExpired(found, view.time) ? undefined : (found as Session)
}

export function sessionMissing(id: string, pointer = "/id"): Refusal {
  return refuse("entity-missing", `There is no session \`${id}\`, or it has ended.`, { pointer })
}
