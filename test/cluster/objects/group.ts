// Documents with the same value in an indexed field, made and deleted one by one and listed by it.
import { groupModel, type GroupInput } from "../../linearizability/models/group.ts"
import { unexpected } from "../hands.ts"
import type { MakeObject } from "./shared-object.ts"

export const group: MakeObject = (recorder, name) => {
  const recorded = recorder.object(name, groupModel)
  const ids = ["x", "y", "z"].map((letter) => `${name}-${letter}`)
  return {
    act: async (hands) => {
      if (hands.random.chance(0.4)) {
        await hands.read(recorded, { kind: "list" }, `/members?group=${name}`, ({ status, body }) => {
          if (status !== 200) return unexpected(name, body)
          return (body as { readonly items: readonly { readonly id: string }[] }).items.map(({ id }) => id).sort()
        })
        return
      }
      const input: GroupInput = { kind: hands.random.pick(["create", "delete"] as const), id: hands.random.pick(ids) }
      const target = { collection: "members", id: input.id }
      const operation = input.kind === "create" ? { op: "document.create", data: { ...target, value: { group: name } } } : { op: "document.delete", data: target }
      await hands.change(recorded, input, operation, (told) => {
        if (told.kind === "acknowledged") return true
        return told.code === "unique" || told.code === "entity-missing" ? false : unexpected(name, told)
      })
    },
  }
}
