// The change feed, as GET /changes answers it.
import * as v from "valibot"
import { changeShape } from "../../operations/change-shape.ts"
import { timeShape, versionShape } from "../../operations/entity-shape.ts"

export const feedItemShape = v.strictObject({
  version: versionShape,
  time: timeShape,
  principal: v.string(),
  note: v.nullable(v.string()),
  changes: v.array(changeShape),
})

export const feedPageShape = v.strictObject({
  items: v.array(feedItemShape),
  version: v.pipe(versionShape, v.description("The newest version.")),
  next: v.pipe(versionShape, v.description("What to pass as `since`.")),
})
