// document.increment: adds to a number in a document's value, within bounds; a field that is missing counts as 0.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { updating } from "./document-access.ts"
import { findDocument, putDocument } from "./document.ts"
import { documentExample, documentShape, rewrittenExample } from "./document-shape.ts"
import { collectionNameField, idField, type JsonObject } from "./fields.ts"
import { forbiddenKeys } from "./json-rules.ts"
import { operation } from "./operation.ts"

const numberField = v.pipe(v.number(), v.finite())

const schema = v.pipe(
  v.strictObject({
    collection: collectionNameField,
    id: idField,
    /** A name in the value, taken literally: a slash or a dot in it is part of the name. */
    field: v.pipe(
      v.string(),
      v.maxLength(bounds.nameLengthMax),
      v.check((name) => !forbiddenKeys.has(name), "is not allowed as a name"),
    ),
    by: numberField,
    min: v.optional(numberField),
    max: v.optional(numberField),
  }),
  v.forward(
    v.partialCheck([["min"], ["max"]], ({ min, max }) => min === undefined || max === undefined || min <= max, "must not be less than `min`"),
    ["max"],
  ),
)
type Data = v.InferOutput<typeof schema>

export const documentIncrement = operation<Data>({
  name: "document.increment",
  summary: "Adds to a number in a document's value, within bounds. A field that is missing counts as 0.",
  scope: "write",
  schema,
  result: documentShape,
  example: { data: { collection: "goals", id: "g1", field: "steps", by: 1, max: 10 }, result: rewrittenExample({ ...documentExample.value, done: true, steps: 1 }) },
  target: ({ collection, id }) => ({ collection, id }),
  forUsers: (data, view, run) => updating(data, view, run, ""),
  run: (data, view) => {
    const { collection, id, field } = data
    const found = findDocument(view, collection, id)
    if (isRefusal(found)) return found
    const sum = sumOf(found.value, data)
    return isRefusal(sum) ? sum : putDocument(view, found.definition, id, { ...found.value, [field]: sum })
  },
})

function sumOf(value: JsonObject, { field, by, min, max }: Data): number | Refusal {
  const from = Object.hasOwn(value, field) ? value[field] : 0
  if (typeof from !== "number") {
    const message = "names something in the document that is not a number"
    return refuse("invalid", `\`field\` ${message}.`, { pointer: "/field", issues: [{ pointer: "/field", code: "number", message }] })
  }
  const sum = from + by
  // What is that large is an integer, and the next one may not exist as a number.
  if (Math.abs(sum) > Number.MAX_SAFE_INTEGER) return refuse("conflict", "The sum is beyond 2^53 and would be rounded.", { pointer: "/by" })
  if (min !== undefined && sum < min) return refuse("conflict", `The sum would be ${sum}, below the minimum ${min}.`, { pointer: "/min" })
  if (max !== undefined && sum > max) return refuse("conflict", `The sum would be ${sum}, above the maximum ${max}.`, { pointer: "/max" })
  return sum
}
