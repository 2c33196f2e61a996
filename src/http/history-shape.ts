// One version of an entity, as its history shows it.
import * as v from "valibot"
import { changeKindShape } from "../operations/change-shape.ts"
import { timeShape, versionShape } from "../operations/entity-shape.ts"

const pointer = v.string()

/** A step of an RFC 6902 patch, of the kinds that histories use. */
export const diffStepShape = v.union([
  v.strictObject({ op: v.picklist(["add", "replace"]), path: pointer, value: v.unknown() }),
  v.strictObject({ op: v.literal("remove"), path: pointer }),
])

export function historyItemShape<const Entity extends v.GenericSchema>(entity: Entity) {
  return v.strictObject({
    version: versionShape,
    time: v.nullable(timeShape),
    principal: v.pipe(v.nullable(v.string()), v.description("Who did it: `root`, or `key:` and the id of an API key.")),
    note: v.nullable(v.string()),
    op: v.pipe(v.nullable(v.string()), v.description("The operation that did it.")),
    change: changeKindShape,
    value: v.pipe(v.nullable(entity), v.description("The entity after it; null where it was deleted.")),
    diff: v.pipe(v.nullable(v.array(diffStepShape)), v.description("RFC 6902: what makes this value out of the one before it; null for the oldest, where what was before is not kept any more.")),
  })
}
