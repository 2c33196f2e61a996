// collection.define: makes a collection, or changes what it says; what is left out stays as it is. What is in the collection
// already must be what the new definition asks for.
import type * as v from "valibot"
import { type Issue, isRefusal, type Refusal, refuse } from "../refusal.ts"
import { bringInLine } from "./bring-in-line.ts"
import { type Definition, defaultAccess, definitionIn, type Field, type Fields, type Indexes, isIndexed } from "./definition.ts"
import { definitionSchema, plainAccess, plainFields } from "./definition-data.ts"
import { ExistingCheck } from "./existing-check.ts"
import { operation } from "./operation.ts"
import { putDefinition } from "./put-definition.ts"
import type { TransactionView } from "./transaction-view.ts"

type Data = v.InferOutput<typeof definitionSchema>

export const collectionDefine = operation<Data>({
  name: "collection.define",
  scope: "admin",
  schema: definitionSchema,
  target: ({ name }) => ({ collection: "collections", id: name }),
  seal: async (data, { reader, committed }) => {
    const before = definitionAt(reader, data.name, committed())
    ...
  },
  run: (data, view, sealed) => {
    const before = definitionIn(view, data.name)
    const definition = definitionOf(data, before, view.version)
    const issues = issuesIn(view, definition)
    ...
  },
})
