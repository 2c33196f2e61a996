// The problem document of a refusal (RFC 9457), as problem.ts writes it.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { codes } from "./problem.ts"

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const pointer = v.pipe(v.string(), v.description("A JSON pointer (RFC 6901) into the request's body, its query, or the operation's data."))

export const issueShape = v.strictObject({
  operation: v.exactOptional(v.pipe(index, v.description("Index of the operation in its transaction."))),
  pointer,
  code: v.string(),
  message: v.string(),
})

const problem = v.strictObject({
  type: v.pipe(v.string(), v.regex(/^urn:tandem:problem:[a-z-]+$/), v.metadata({ format: "uri" })),
  title: v.string(),
  status: v.pipe(v.number(), v.safeInteger(), v.minValue(400), v.maxValue(599)),
  detail: v.pipe(v.string(), v.description("What was wrong, and where.")),
  code: v.picklist(codes),
  operation: v.exactOptional(v.pipe(index, v.description("Index of the operation that was refused."))),
  pointer: v.exactOptional(pointer),
  key: v.exactOptional(v.pipe(v.string(), v.description("The transaction's idempotency key."))),
  version: v.exactOptional(index),
  oldestVersion: v.exactOptional(v.pipe(index, v.description("The oldest version that can still be read, where the one that was asked for cannot."))),
  retryAfter: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.description("Seconds."))),
  hint: v.exactOptional(v.pipe(v.string(), v.description("What to do about it."))),
  primary: v.exactOptional(v.pipe(v.string(), v.description("URL of the primary."))),
  issues: v.exactOptional(v.pipe(v.array(issueShape), v.description(`All that is wrong with the data; of more than ${bounds.issuesMax}, the first.`))),
})

/** For a user whose address another has. */
export const problemExample: v.InferOutput<typeof problem> = {
  type: "urn:tandem:problem:unique",
  title: "Another entity holds this value",
  status: 409,
  detail: "Another user has this e-mail address.",
  code: "unique",
  operation: 0,
  pointer: "/email",
}

/** For data that breaks two rules. */
export const issuesExample: v.InferOutput<typeof problem> = {
  type: "urn:tandem:problem:invalid",
  title: "The data is invalid",
  status: 422,
  detail: "The data of operation 0 is invalid: `/email` must be an e-mail address.",
  code: "invalid",
  operation: 0,
  pointer: "/email",
  issues: [
    { operation: 0, pointer: "/email", code: "regex", message: "must be an e-mail address" },
    { operation: 0, pointer: "/colour", code: "unknown-field", message: "is not a field of this operation" },
  ],
}

export const problemShape = v.pipe(problem, v.examples([problemExample, issuesExample]))
