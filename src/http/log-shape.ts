// A record of the commit log, as GET /log shows it.
import * as v from "valibot"
import { timeShape, versionShape } from "../operations/entity-shape.ts"
import { entityShape } from "../operations/change-shape.ts"
import { jsonObjectField } from "../operations/fields.ts"
import { conditionShape } from "../operations/envelope-shape.ts"

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.description("SHA-256."))

export const logItemShape = v.strictObject({
  version: versionShape,
  epoch: versionShape,
  time: timeShape,
  principal: v.string(),
  note: v.nullable(v.string()),
  key: v.pipe(v.nullable(v.string()), v.description("The idempotency key.")),
  operations: v.pipe(
    v.array(v.strictObject({ op: v.string(), data: jsonObjectField, as: v.exactOptional(v.string()), if: v.exactOptional(conditionShape) })),
    v.description("As they were asked, without secrets."),
  ),
  writes: v.pipe(
    v.array(v.strictObject({ collection: v.string(), id: v.string(), value: v.nullable(entityShape) })),
    v.description("What they wrote, without what is never shown; null for what was deleted."),
  ),
  parent: v.pipe(digest, v.description("The digest of the record before this one.")),
  digest,
})
