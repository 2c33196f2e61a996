// The refusal that says honestly that nobody knows. Never used where a transaction is known not to be committed.
import { type Refusal, refuse } from "../refusal.ts"

export function outcomeUnknown(key: string | undefined): Refusal {
  const detail = "Whether the transaction is committed could not be found out."
  if (key === undefined) return refuse("outcome-unknown", detail, { hint: "With an Idempotency-Key, sending it again would tell." })
  return refuse("outcome-unknown", detail, {
    key,
    hint: "Send the same request with the same key again, or ask GET /do/{key}.",
  })
}
