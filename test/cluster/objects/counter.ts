// A number that clients add to, up to bounds that are soon reached.
import { counterModel } from "../../linearizability/models/counter.ts"
import { unexpected } from "../hands.ts"
import type { MakeObject } from "./shared-object.ts"

const bounds = { min: -4, max: 4 }

export const counter: MakeObject = (recorder, name) => {
  const recorded = recorder.object(name, counterModel)
  const target = { collection: "notes", id: name }
  return {
    first: [{ op: "document.put", data: { ...target, value: { count: 0 } } }],
    act: async (hands) => {
      if (hands.random.chance(0.5)) {
        await hands.read(recorded, { kind: "read" }, `/notes/${name}`, ({ status, body }) => (status === 200 ? countIn(body) : unexpected(name, body)))
        return
      }
      const by = hands.random.pick([-2, -1, 1, 2])
      await hands.change(recorded, { kind: "add", by, ...bounds }, { op: "document.increment", data: { ...target, field: "count", by, ...bounds } }, (told) => {
        if (told.kind === "acknowledged") return countIn(told.results[0])
        return told.code === "conflict" ? null : undefined
      })
    },
  }
}

function countIn(document: unknown): number {
  return (document as { readonly value: { readonly count: number } }).value.count
}
