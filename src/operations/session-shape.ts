// A session, as lists show it: never with its token, which only the answer that made it has.
import * as v from "valibot"
import { jsonObjectShape, stampAt, stampEntries, timeShape } from "./entity-shape.ts"
import { exampleIds } from "./example-ids.ts"

const ends = {
  expiresAt: v.pipe(timeShape, v.description("It ends then, however often it is touched.")),
  idleExpiresAt: v.pipe(v.nullable(timeShape), v.description("It ends then unless it is touched before.")),
}

export const sessionShape = v.strictObject({
  id: v.string(),
  userId: v.string(),
  ...ends,
  idle: v.pipe(v.nullable(v.string()), v.description("How long it may lie idle, as it was asked for.")),
  data: jsonObjectShape,
  ...stampEntries,
})

export const sessionEndsShape = v.strictObject({ id: v.string(), userId: v.string(), ...ends })

export const sessionEndsExample = {
  id: exampleIds.session,
  userId: "ada",
  expiresAt: "2026-03-31T12:00:04.000Z",
  idleExpiresAt: null,
}

export const sessionExample = { ...sessionEndsExample, idle: null, data: { device: "phone" }, ...stampAt(4) }
