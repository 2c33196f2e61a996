// A list in a document that clients add to, each onto the version that it read.
import { listModel, type ListOutput, type ListState } from "../../linearizability/models/list.ts"
import { unexpected } from "../hands.ts"
import type { MakeObject } from "./shared-object.ts"

/** Then it is put away, so that it does not grow for ever. */
const lengthMax = 30
let lastItem = 0

export const list: MakeObject = (recorder, family) => {
  let part = 0
  const begun = () => {
    const name = `${family}-${++part}`
    return { name, recorded: recorder.object(name, listModel), length: 0 }
  }
  let present = begun()
  return {
    act: async (hands) => {
      const mine = present
      const { name, recorded } = mine
      const seen = await hands.read(recorded, { kind: "read" }, `/notes/${name}`, ({ status, body }): ListOutput => {
        if (status === 404) return { items: [], version: 0 }
        if (status !== 200) return unexpected(name, body)
        const { value, version } = body as { readonly value: { readonly items: readonly number[] }; readonly version: number }
        return { items: value.items, version }
      })
      if (seen === undefined || hands.random.chance(0.4)) return
      const { items, version } = seen as ListState
      const item = ++lastItem
      const operation = { op: "document.put", data: { collection: "notes", id: name, value: { items: [...items, item] } }, if: version === 0 ? { absent: true } : { version } }
      await hands.change(recorded, { kind: "append", item, onto: version ?? 0 }, operation, (told) => {
        if (told.kind === "acknowledged") return { version: told.version }
        return told.status === 412 ? null : unexpected(name, told)
      })
      if (items.length < lengthMax || mine !== present) return
      mine.recorded.isOver = true
      present = begun()
    },
  }
}
