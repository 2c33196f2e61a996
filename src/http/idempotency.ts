// The Idempotency-Key of a request, checked before it is stored or echoed.
import { bounds } from "../bounds.ts"
import { type Refusal, refuse } from "../refusal.ts"

/** Visible ASCII: what a header can carry and a URL can name without a second meaning. */
const visible = /^[\x21-\x7e]+$/

/** Undefined where the client sent none. */
export function keyOf(request: Request): string | undefined | Refusal {
  const key = request.headers.get("idempotency-key")
  if (key === null) return undefined
  return isKey(key) ? key : refuse("malformed", `The header \`Idempotency-Key\` must have 1 to ${bounds.idempotencyKeyLengthMax} visible ASCII characters.`)
}

export function isKey(key: string): boolean {
  return key.length > 0 && key.length <= bounds.idempotencyKeyLengthMax && visible.test(key)
}
