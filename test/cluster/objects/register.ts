// A document that clients write, delete and read.
import { registerModel } from "../../linearizability/models/register.ts"
import { unexpected } from "../hands.ts"
import type { MakeObject } from "./shared-object.ts"

let lastValue = 0

export const register: MakeObject = (recorder, name) => {
  const recorded = recorder.object(name, registerModel)
  const target = { collection: "notes", id: name }
  return {
    act: async (hands) => {
      const dice = hands.random.between(1, 10)
      if (dice <= 6) {
        await hands.read(recorded, { kind: "read" }, `/notes/${name}`, ({ status, body }) => {
          if (status === 404) return null
          if (status !== 200) return unexpected(name, body)
          const { value, version } = body as { readonly value: { readonly n: number }; readonly version: number }
          return { value: value.n, version }
        })
      } else if (dice <= 9) {
        const value = ++lastValue
        await hands.change(recorded, { kind: "write", value }, { op: "document.put", data: { ...target, value: { n: value } } }, (told) => (told.kind === "acknowledged" ? { version: told.version } : undefined))
      } else {
        await hands.change(recorded, { kind: "delete" }, { op: "document.delete", data: target }, (told) => {
          if (told.kind === "acknowledged") return { version: told.version }
          return told.status === 404 ? null : undefined
        })
      }
    },
  }
}
