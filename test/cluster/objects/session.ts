// Sessions, one after the other: some clients use each at either node, and some day one revokes it.
import { sessionModel } from "../../linearizability/models/session.ts"
import { type Hands, unexpected } from "../hands.ts"
import type { Recorded } from "../recorder.ts"
import type { MakeObject } from "./shared-object.ts"

interface Shown {
  readonly id: string
  readonly token: string
  /** Who has no other one. */
  readonly userId: string
  readonly recorded: Recorded<"alive" | "dead", { readonly kind: "use" } | { readonly kind: "revoke" }, boolean>
  /** Left, once somebody has begun to revoke it. */
  uses: number
}

export const session: MakeObject = (recorder, name) => {
  let present: Shown | undefined
  const make = async (hands: Hands): Promise<void> => {
    const userId = `${name}-${hands.name}-${hands.next()}`
    const operations = [
      { op: "user.create", data: { id: userId, email: `${userId}@example.com` } },
      { op: "session.create", data: { userId } },
    ]
    const told = await hands.write({ operations }, userId)
    const { id, token } = (told.kind === "acknowledged" ? told.results[1] : {}) as { readonly id?: string; readonly token?: string }
    // Only the first answer shows it.
    if (id !== undefined && token !== undefined) present ??= { id, token, userId, recorded: recorder.object(userId, sessionModel), uses: 8 }
  }
  return {
    act: async (hands) => {
      const mine = present
      if (mine === undefined) return make(hands)
      if (hands.random.chance(0.2)) {
        const operation = hands.random.chance(0.5) ? { op: "session.revoke", data: { id: mine.id } } : { op: "session.revokeAll", data: { userId: mine.userId } }
        await revoke(hands, mine, operation)
      } else {
        const headers = { authorization: `Bearer ${mine.token}` }
        await hands.read(mine.recorded, { kind: "use" }, `/users/${mine.userId}/sessions`, ({ status, body }) => {
          if (status === 401) return false
          return status === 200 ? true : unexpected(name, body)
        }, { headers })
      }
      if (--mine.uses > 0) return
      if (mine === present) present = undefined
      mine.recorded.isOver = true
    },
  }
}

/** Where all of the user are revoked, the answer counts them. */
async function revoke(hands: Hands, { recorded }: Shown, operation: object): Promise<void> {
  await hands.change(recorded, { kind: "revoke" }, operation, (told) => {
    if (told.kind === "refused") return told.code === "entity-missing" ? false : unexpected(recorded.name, told)
    const { revoked } = told.results[0] as { readonly revoked?: number }
    return revoked !== 0
  })
}
