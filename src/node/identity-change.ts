// From what the protocol wants to be durable about this node to what the store keeps.
import type { IdentityChange } from "../protocol/effect.ts"
import type { Identity } from "../store/store.ts"

/** How many decisions are remembered; each is logged as soon as this node can write. */
const decisionsMax = 16

export function identityAfter(identity: Identity, { cluster, decision, ...change }: IdentityChange): Partial<Identity> {
  const named = cluster === undefined ? change : { ...change, clusterId: cluster }
  if (decision === undefined) return named
  const epoch = (change.epoch ?? identity.epoch).number
  const last = identity.decisions.at(-1)
  const serial = last?.epoch === epoch ? last.serial + 1 : 1
  return { ...named, decisions: [...identity.decisions, { ...decision, epoch, serial }].slice(-decisionsMax) }
}
