// The Idempotency-Key of a request, checked before it is stored or echoed.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { idempotencyKeyForm, idempotencyKeyRule, isIdempotencyKey } from "../operations/idempotency-key.ts"
import { type Refusal, refuse } from "../refusal.ts"
import type { Described } from "./parameter.ts"

export const idempotencyKeyShape = v.pipe(v.string(), v.minLength(1), v.maxLength(bounds.idempotencyKeyLengthMax), v.regex(idempotencyKeyForm))

export const keyHeader: Described = {
  name: "idempotency-key",
  description: "Made by the client before the first try. The same request under the same key is done once, however often it is sent.",
  schema: v.optional(idempotencyKeyShape),
}

export const replayedHeader: Described = {
  name: "idempotency-replayed",
  description: "The transaction was committed before, under the same key.",
  schema: v.optional(v.literal("true")),
}

/** Undefined where the client sent none. */
export function keyOf(request: Request): string | undefined | Refusal {
  const key = request.headers.get(keyHeader.name)
  if (key === null) return undefined
  return isIdempotencyKey(key) ? key : refuse("malformed", `The header \`Idempotency-Key\` ${idempotencyKeyRule}.`)
}
