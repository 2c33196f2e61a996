// Idempotency keys: what one may be, and how it is stored. Never two principals' keys under one hash.
import { bounds } from "../bounds.ts"
import { type Digest, digestOf } from "../protocol/digest.ts"

/** Visible ASCII, and neither `.` nor `..`: what a header can carry and a URL can name without a second meaning. */
export const idempotencyKeyForm = /^(?!\.\.?$)[\x21-\x7e]+$/

export const idempotencyKeyRule = `must have 1 to ${bounds.idempotencyKeyLengthMax} visible ASCII characters`

export function isIdempotencyKey(key: unknown): key is string {
  return typeof key === "string" && key.length <= bounds.idempotencyKeyLengthMax && idempotencyKeyForm.test(key)
}

export function keyHash(principal: string, key: string): Digest {
  return digestOf(`${principal}\0${key}`)
}
