// collection.drop: removes a collection and its documents, all in one version.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { refuse } from "../refusal.ts"
import { definitionExample, definitionShape } from "./definition-shape.ts"
import { collectionMissing } from "./document.ts"
import { collectionNameField } from "./fields.ts"
import { operation } from "./operation.ts"
import { referringCollections } from "./referrers.ts"

const schema = v.strictObject({ name: collectionNameField })

export const collectionDrop = operation<v.InferOutput<typeof schema>>({
  name: "collection.drop",
  summary: "Removes a collection and its documents, all in one version.",
  scope: "admin",
  schema,
  result: definitionShape,
  example: { data: { name: "goals" }, result: definitionExample },
  target: ({ name }) => ({ collection: "collections", id: name }),
  run: ({ name }, view) => {
    const definition = view.find("collections", name)
    if (definition === undefined) return collectionMissing(name, "/name")
    const referring = referringCollections(view, name).filter((other) => other !== name)
    if (referring.length > 0) {
      const named = referring.slice(0, 10).map((other) => `\`${other}\``)
      return refuse("conflict", `Collection \`${name}\` is referenced by ${named.join(", ")}${referring.length > 10 ? " and more" : ""}.`, {
        pointer: "/name",
        hint: "Define those without the reference, or drop them first.",
      })
    }
    const ids = view.idsWhereFew(name, { count: bounds.dropDocumentsMax, bytes: bounds.supersededBytesMax, deleted: "any" })
    if (ids === undefined) {
      return refuse("conflict", `Collection \`${name}\` has more than ${bounds.dropDocumentsMax} documents, or more than ${bounds.supersededBytesMax} bytes of them.`, {
        pointer: "/name",
        hint: "Delete documents first; a drop takes the rest with it in one version.",
      })
    }
    for (const id of ids) view.delete(name, id)
    view.delete("collections", name)
    return { kind: "value", value: definition }
  },
})
