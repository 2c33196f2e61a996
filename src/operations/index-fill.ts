// index.fill: gives documents that were there before an index their terms in it. Makes no version of them. Only a primary asks for it;
// clients cannot.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { fillTerms } from "./defining.ts"
import { definitionIn } from "./definition.ts"
import type { InternalOperation } from "./internal-transaction.ts"

const schema = v.strictObject({ collection: v.string(), ids: v.array(v.string()) })

export const indexFill: InternalOperation<v.InferOutput<typeof schema>> = {
  name: "index.fill",
  scope: "admin",
  schema,
  run: ({ collection, ids }, view) => {
    const definition = definitionIn(view, collection)
    if (definition === undefined) return refuse("conflict", `Collection \`${collection}\` is gone.`)
    for (const id of ids) fillTerms(view, definition, id)
    return { kind: "value", value: {} }
  },
}
