// What a session may do with sessions: touch and end those of its own user. Others are as if they were not there.
import type { Refusal } from "../refusal.ts"
import { denied } from "./denied.ts"
import type { TransactionView } from "./transaction-view.ts"

/** Whether `userId` is who asks, by a session. */
export function isOneself({ principal }: TransactionView, userId: unknown): boolean {
  return principal.userId !== undefined && principal.userId === userId
}

/** `missing` unless the session `id` belongs to who asks. */
export function whyNotOwnSession(view: TransactionView, id: string, missing: Refusal): Refusal | undefined {
  return isOneself(view, view.find("sessions", id)?.["userId"]) ? undefined : denied(view, missing)
}
