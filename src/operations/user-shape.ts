// A user, as reads, results, histories and the feed all show it.
import * as v from "valibot"
import { jsonObjectShape, stampAt, stampEntries } from "./entity-shape.ts"

export const userShape = v.strictObject({
  id: v.string(),
  email: v.pipe(v.string(), v.description("As it was written. Unique whatever its case.")),
  name: v.nullable(v.string()),
  verified: v.boolean(),
  disabled: v.pipe(v.boolean(), v.description("Who is disabled has no sessions and cannot log in.")),
  data: jsonObjectShape,
  ...stampEntries,
})

export const userExample = { id: "ada", email: "Ada@example.com", name: "Ada", verified: false, disabled: false, data: {}, ...stampAt(1) }
