// What stands around the data of operations in a request. envelope.ts checks it by hand, since every write passes there, with
// the names and patterns that are here; tests hold the two against each other.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { timeField } from "./fields.ts"
import { idempotencyKeyForm } from "./idempotency-key.ts"

export const asPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/

export const conditionShape = v.pipe(
  v.union([
    v.strictObject({ version: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
    v.strictObject({ absent: v.literal(true) }),
    v.strictObject({ present: v.literal(true) }),
  ]),
  v.description("What must hold of the entity that the operation is about: its version, or whether it is there. Otherwise 412."),
)

/** Of an operation, beside `op` and `data`. */
export const operationEntries = {
  as: v.optional(v.pipe(v.string(), v.regex(asPattern), v.description("A name for its result, for references of later operations."))),
  if: v.optional(conditionShape),
}

/** Of a transaction, beside its operations. */
export const transactionEntries = {
  ifVersion: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.description("The version that the whole store must be at. Otherwise 412."))),
  dryRun: v.optional(v.pipe(v.boolean(), v.description("Runs everything, answers what would come of it, and leaves no trace."))),
  note: v.optional(v.pipe(v.string(), v.maxLength(bounds.noteLengthMax), v.description("Stays in the log, in histories and in the feed."))),
}

/** Of a line of POST /do/stream, beside those of a transaction. */
export const lineEntries = {
  key: v.optional(v.pipe(v.string(), v.maxLength(bounds.idempotencyKeyLengthMax), v.regex(idempotencyKeyForm), v.description("The idempotency key of this line."))),
  at: v.optional(v.pipe(timeField, v.description("The time of its record; only with `keepTimes=true`."))),
}
