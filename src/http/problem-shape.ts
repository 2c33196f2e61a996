// The problem document of a refusal (RFC 9457), as problem.ts writes it.
import * as v from "valibot"
import { codes } from "./problem.ts"

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const pointer = v.pipe(v.string(), v.description("A JSON pointer (RFC 6901) into the request's body, its query, or the operation's data."))

export const issueShape = v.strictObject({
  operation: v.optional(v.pipe(index, v.description("Index of the operation in its transaction."))),
  pointer,
  code: v.string(),
  message: v.string(),
})

export const problemShape = v.strictObject({
  type: v.pipe(v.string(), v.regex(/^urn:tandem:problem:[a-z-]+$/), v.metadata({ format: "uri" })),
  title: v.string(),
  status: v.pipe(v.number(), v.safeInteger(), v.minValue(400), v.maxValue(599)),
  detail: v.pipe(v.string(), v.description("What was wrong, and where.")),
  code: v.picklist(codes),
  operation: v.optional(v.pipe(index, v.description("Index of the operation that was refused."))),
  pointer: v.optional(pointer),
  key: v.optional(v.pipe(v.string(), v.description("The transaction's idempotency key."))),
  version: v.optional(index),
  retryAfter: v.optional(v.pipe(v.number(), v.minValue(0), v.description("Seconds."))),
  hint: v.optional(v.pipe(v.string(), v.description("What to do about it."))),
  primary: v.optional(v.pipe(v.string(), v.description("URL of the primary."))),
  issues: v.optional(v.pipe(v.array(issueShape), v.description("All that is wrong with the data."))),
})
