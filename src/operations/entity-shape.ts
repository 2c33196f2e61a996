// What answers are made of: times, versions, and the fields that every entity has. Shapes describe what is answered and are
// held against real answers by tests; nothing on the way of an answer runs them.
import * as v from "valibot"
import { jsonObjectField } from "./fields.ts"

/** RFC 3339, in UTC with milliseconds. */
export const timeShape = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  v.metadata({ format: "date-time", description: "RFC 3339, in UTC with milliseconds." }),
)

export const versionShape = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.description("The number of a transaction in the commit log."))

export const jsonObjectShape = jsonObjectField

/** What every entity has beside its own fields. */
export const stampEntries = {
  createdAt: timeShape,
  updatedAt: timeShape,
  version: v.pipe(versionShape, v.description("The version that last changed it.")),
  createdVersion: v.pipe(versionShape, v.description("The version that created it.")),
}

/** What an answer shows once, and no retry of its request again. */
export const onceShape = v.pipe(v.string(), v.description("Shown by the first answer only; a retry under the same idempotency key gets the result without it."))

/** For examples: of an entity that one version created and another changed last, in a store where each takes a second. */
export function stampAt(created: number, changed: number = created) {
  return { createdAt: timeAt(created), updatedAt: timeAt(changed), version: changed, createdVersion: created }
}

function timeAt(version: number): string {
  return `2026-03-01T12:00:${String(version).padStart(2, "0")}.000Z`
}
