// pair.decide: puts a decision about role or mode into the log. Only a primary asks for it, of its own decisions; clients cannot.
import * as v from "valibot"
import { modeAfter, pairRow, type PairState } from "./pair-state.ts"
import type { InternalOperation } from "./internal-transaction.ts"

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const schema = v.strictObject({
  what: v.picklist(["promote", "promote-solo", "handover", "solo", "paired", "restore"]),
  by: v.string(),
  reason: v.string(),
  forced: v.boolean(),
  epoch: count,
  serial: count,
  primary: v.string(),
})
type Data = v.InferOutput<typeof schema>

export const pairDecide: InternalOperation<Data> = {
  name: "pair.decide",
  scope: "admin",
  schema,
  run: (decision, view) => {
    const state: PairState = { ...decision, mode: modeAfter(decision) }
    view.put(pairRow.collection, pairRow.id, state)
    return { kind: "value", value: state }
  },
}
