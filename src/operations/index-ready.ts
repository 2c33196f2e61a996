// index.ready: every document has its terms in these indexes, so lists may use them from this version on. Only a primary asks for
// it; clients cannot.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { putDefinition } from "./defining.ts"
import { definitionIn, type Index, type Indexes } from "./definition.ts"
import type { InternalOperation } from "./internal-transaction.ts"

const schema = v.strictObject({ collection: v.string(), terms: v.array(v.string()) })

export const indexReady: InternalOperation<v.InferOutput<typeof schema>> = {
  name: "index.ready",
  scope: "admin",
  schema,
  run: ({ collection, terms }, view) => {
    const definition = definitionIn(view, collection)
    if (definition === undefined) return refuse("conflict", `Collection \`${collection}\` is gone.`)
    const isDone = ({ term, state }: Index) => state === "building" && terms.includes(term)
    const entries = Object.entries(definition.indexes)
    // The definition has changed since, or has been made again.
    if (!entries.some(([, index]) => isDone(index))) return { kind: "value", value: {} }
    const indexes: Indexes = Object.fromEntries(entries.map(([name, index]) => [name, isDone(index) ? { ...index, state: "ready" } : index]))
    putDefinition(view, { ...definition, indexes })
    return { kind: "entity", collection: "collections", id: collection }
  },
}
