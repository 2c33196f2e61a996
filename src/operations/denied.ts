// How a transaction is told that it may not: as if what it is about were not there. The public gets one answer for everything.
import type { Refusal } from "../refusal.ts"
import { tokenNeeded } from "./operation-access.ts"
import { isAnonymous } from "./scope.ts"
import type { TransactionView } from "./transaction-view.ts"

/** Without the hint, which is for who may make what is missing. */
export function denied({ principal }: TransactionView, { hint: _, ...missing }: Refusal): Refusal {
  return isAnonymous(principal) ? tokenNeeded : missing
}
