// retention.trim: moves the horizon. What is below it is refused from this version on, and both nodes may take it away.
// Only a primary asks for it; clients cannot.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { type HorizonBody, horizonRow } from "../store/horizon.ts"
import type { InternalOperation } from "./internal-transaction.ts"

const versionField = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const schema = v.strictObject({ before: versionField, collections: v.record(v.string(), versionField) })
type Data = v.InferOutput<typeof schema>

/** The collection of definitions: what reads as of a version need, whichever collection they are about. */
const definitions = "collections"

export const retentionTrim: InternalOperation<Data> = {
  name: "retention.trim",
  scope: "admin",
  schema,
  run: (data, view) => {
    const now = (view.find(horizonRow.collection, horizonRow.id) ?? { oldest: 0, collections: {} }) as HorizonBody
    const next = moved(now, data)
    if (Math.max(next.oldest, ...Object.values(next.collections)) >= view.version) {
      return refuse("conflict", `Version ${view.version} would be below the horizon that it makes.`, { pointer: "/before" })
    }
    view.put(horizonRow.collection, horizonRow.id, next)
    return { kind: "value", value: next }
  },
}

/** Never back. A collection that had a horizon of its own keeps one: it may lie anywhere. */
function moved(now: HorizonBody, { before, collections: asked }: Data): HorizonBody {
  const oldest = Math.max(now.oldest, before)
  const collections: Record<string, number> = Object.create(null)
  for (const name of new Set([...Object.keys(now.collections), ...Object.keys(asked)])) {
    if (name === definitions) continue
    const was = Object.hasOwn(now.collections, name) ? now.collections[name] : undefined
    const wanted = Object.hasOwn(asked, name) ? asked[name] : undefined
    collections[name] = Math.max(was ?? now.oldest, wanted ?? oldest)
  }
  const named = Object.values(collections)
  if (named.length > 0) collections[definitions] = Math.min(oldest, ...named)
  return { oldest, collections }
}
