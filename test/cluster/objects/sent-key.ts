// One transaction under one idempotency key, sent by several clients at the same time: it is done once.
import { keyModel } from "../../linearizability/models/key.ts"
import { unexpected } from "../hands.ts"
import type { MakeObject } from "./shared-object.ts"

const sendsMax = 6

export const sentKey: MakeObject = (recorder, family) => {
  let part = 0
  const begun = () => {
    const key = `${family}-${++part}`
    return { key, recorded: recorder.object(key, keyModel), sends: 0 }
  }
  let present = begun()
  return {
    act: async (hands) => {
      const mine = present
      const { key, recorded } = mine
      if (hands.random.chance(0.4)) {
        await hands.read(recorded, { kind: "look" }, `/do/${key}`, ({ status, body }) => {
          if (status === 404) return null
          const { outcome, version } = body as { readonly outcome: string; readonly version: number }
          // In doubt says nothing yet.
          return outcome === "committed" ? version : outcome === "in-doubt" ? undefined : unexpected(key, body)
        })
        return
      }
      const askedMs = performance.now()
      const told = await hands.write({ op: "document.put", data: { collection: "notes", id: family, value: { key } } }, key)
      if (told.kind === "acknowledged") recorded.add({ client: hands.name, input: { kind: "send" }, output: told.version, askedMs, answeredMs: performance.now() })
      else if (hands.witness.attemptAt(key).told.kind !== "refused") recorded.add({ client: hands.name, input: { kind: "send" }, output: undefined, askedMs, answeredMs: Number.POSITIVE_INFINITY })
      if (++mine.sends < sendsMax || mine !== present) return
      recorded.isOver = true
      present = begun()
    },
  }
}
