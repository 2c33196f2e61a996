// Users that take e-mail addresses from each other, and whoever looks them up by address.
import { type AccountsInput, accountsModel } from "../../linearizability/models/accounts.ts"
import type { Random } from "../../sim/random.ts"
import { unexpected } from "../hands.ts"
import type { MakeObject } from "./shared-object.ts"

export const accounts: MakeObject = (recorder, name) => {
  const recorded = recorder.object(name, accountsModel)
  return {
    act: async (hands) => {
      const email = `${name}-${hands.random.between(1, 3)}@example.com`
      if (hands.random.chance(0.4)) {
        await hands.read(recorded, { kind: "find", email }, `/users?email=${email}`, ({ status, body }) => {
          if (status === 404) return { holder: null }
          return status === 200 ? { holder: (body as { readonly id: string }).id } : unexpected(name, body)
        })
        return
      }
      const input = changeBy(hands.random, `${name}-${hands.random.between(1, 3)}`, email)
      await hands.change(recorded, input, operationOf(input), (told) => {
        if (told.kind === "acknowledged") return "done"
        if (told.code === "unique") return "conflict"
        return told.code === "entity-missing" ? "missing" : unexpected(name, told)
      })
    },
  }
}

type Change = Exclude<AccountsInput, { readonly kind: "find" }>

function changeBy(random: Random, id: string, email: string): Change {
  const kind = random.pick(["create", "create", "update", "update", "delete"] as const)
  return kind === "delete" ? { kind, id } : { kind, id, email }
}

function operationOf({ kind, ...data }: Change): object {
  return { op: `user.${kind}`, data }
}
