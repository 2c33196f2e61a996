// expired.sweep: deletes sessions and one-time tokens that ended long ago. Users who come back make room for themselves; this is
// for those who do not. Only a primary asks for it; clients cannot.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { hasExpired } from "./account-entries.ts"
import type { InternalOperation } from "./internal-transaction.ts"

export const sweptCollections = ["sessions", "tokens"] as const

const schema = v.strictObject({ collection: v.picklist(sweptCollections), ids: v.array(v.string()) })
type Data = v.InferOutput<typeof schema>

export const expiredSweep: InternalOperation<Data> = {
  name: "expired.sweep",
  scope: "admin",
  schema,
  // Judged again, by the record's time: a session may have been touched since it was looked at.
  run: ({ collection, ids }, view) => {
    const over = graceEnd(Date.parse(view.time))
    const swept = ids.filter((id) => {
      const entity = view.find(collection, id)
      return entity !== undefined && hasExpired(entity, over)
    })
    for (const id of swept) view.delete(collection, id)
    return { kind: "value", value: { swept: swept.length } }
  },
}

/** What ended by then may go, as RFC 3339 in UTC. */
export function graceEnd(nowMs: number): string {
  return new Date(nowMs - bounds.expiredGraceMs).toISOString()
}
