// What became of an entity, as reverts and the change feed say it, and the entities that there are.
import * as v from "valibot"
import { definitionShape } from "./definition-shape.ts"
import { documentShape } from "./document-shape.ts"
import { userShape } from "./user-shape.ts"

/** What a read of any collection shows. */
export const entityShape = v.union([userShape, documentShape, definitionShape])

export const changeKindShape = v.picklist(["created", "updated", "deleted"])

export const changeShape = v.strictObject({
  collection: v.string(),
  id: v.string(),
  change: changeKindShape,
  value: v.pipe(v.nullable(entityShape), v.description("The entity after the change; null where it was deleted.")),
})
