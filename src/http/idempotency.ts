// The Idempotency-Key of a request, checked before it is stored or echoed.
import { idempotencyKeyRule, isIdempotencyKey } from "../operations/idempotency-key.ts"
import { type Refusal, refuse } from "../refusal.ts"

/** Undefined where the client sent none. */
export function keyOf(request: Request): string | undefined | Refusal {
  const key = request.headers.get("idempotency-key")
  if (key === null) return undefined
  return isIdempotencyKey(key) ? key : refuse("malformed", `The header \`Idempotency-Key\` ${idempotencyKeyRule}.`)
}
