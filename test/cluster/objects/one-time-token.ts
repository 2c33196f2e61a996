// One-time tokens, one after the other: several clients try to use each up.
import { tokenModel } from "../../linearizability/models/one-time-token.ts"
import { type Hands, unexpected } from "../hands.ts"
import type { Recorded } from "../recorder.ts"
import type { MakeObject } from "./shared-object.ts"

interface Shown {
  readonly token: string
  readonly recorded: Recorded<"fresh" | "used", { readonly kind: "consume" }, boolean>
  uses: number
}

export const oneTimeToken: MakeObject = (recorder, name) => {
  let present: Shown | undefined
  const make = async (hands: Hands): Promise<void> => {
    const key = `${name}-${hands.name}-${hands.next()}`
    const told = await hands.write({ op: "token.create", data: { purpose: "reset" } }, key)
    const { token } = (told.kind === "acknowledged" ? told.results[0] : {}) as { readonly token?: string }
    // Only the first answer shows it.
    if (token !== undefined) present ??= { token, recorded: recorder.object(key, tokenModel), uses: 0 }
  }
  return {
    act: async (hands) => {
      const mine = present
      if (mine === undefined) return make(hands)
      if (++mine.uses > 4) {
        if (mine === present) present = undefined
        mine.recorded.isOver = true
        return
      }
      await hands.change(mine.recorded, { kind: "consume" }, { op: "token.consume", data: { token: mine.token, purpose: "reset" } }, (told) => {
        if (told.kind === "acknowledged") return true
        return told.code === "entity-missing" ? false : unexpected(name, told)
      })
    },
  }
}
