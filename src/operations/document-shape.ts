// A document, as reads, results, histories and the feed all show it.
import * as v from "valibot"
import { jsonObjectShape, stampAt, stampEntries } from "./entity-shape.ts"

export const documentShape = v.strictObject({
  id: v.string(),
  collection: v.string(),
  value: v.pipe(jsonObjectShape, v.description("The document's own fields.")),
  ...stampEntries,
})

/** As version 2 created it. */
export const documentExample = { id: "g1", collection: "goals", value: { owner: "ada", title: "Write the first program" }, ...stampAt(2) }

/** The same as version 3 changed it. */
export const changedExample = { ...documentExample, value: { ...documentExample.value, done: true }, ...stampAt(2, 3) }

/** One that the next version creates. */
export function writtenExample({ id, value }: { readonly id: string; readonly value: object }) {
  return { id, collection: "goals", value, ...stampAt(5) }
}

/** The first one, as the next version changes it. */
export function rewrittenExample(value: object) {
  return { ...documentExample, value, ...stampAt(2, 5) }
}
