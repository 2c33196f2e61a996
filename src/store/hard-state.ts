// The few facts that are not in the log: who this node is, and where its log stands.
import { digestBytes, genesisDigest } from "../protocol/digest.ts"
import { type Identity, type Position, undecided } from "./store.ts"
import { StoreDamaged } from "./store-damaged.ts"
import { stateBytes } from "./state-sum.ts"
import type { Table } from "./tables.ts"

const keys = { identity: Buffer.from("identity"), position: Buffer.from("position") } as const

const stateAt = 12 + digestBytes
const positionBytes = stateAt + stateBytes

export class HardState {
  constructor(private readonly database: Table) {}

  /** Throws StoreDamaged, as `position` does. */
  identity(): Identity | undefined {
    const value = this.database.get(keys.identity)
    if (value === undefined) return undefined
    try {
      return { ...undecided, ...(JSON.parse(value.toString("utf8")) as Identity) }
    } catch {
      throw new StoreDamaged("what the node knows about itself is damaged: its stored identity is no JSON")
    }
  }

  /** Inside a transaction. */
  putIdentity(identity: Identity): void {
    this.database.put(keys.identity, Buffer.from(JSON.stringify(identity)))
  }

  /** An empty log where nothing is stored. */
  position(): Position {
    const value = this.database.get(keys.position)
    if (value === undefined) return { head: 0, headDigest: genesisDigest, committed: 0 }
    if (value.length !== positionBytes) throw new StoreDamaged(`where the log stands is damaged: ${value.length} bytes are stored, not ${positionBytes}`)
    return { head: value.readUIntBE(0, 6), committed: value.readUIntBE(6, 6), headDigest: value.subarray(12, stateAt) }
  }

  /** Of the rows at the head; undefined where nothing is stored. */
  state(): Buffer | undefined {
    return this.database.get(keys.position)?.subarray(stateAt)
  }

  /** Inside a transaction. */
  putPosition({ head, headDigest, committed }: Position, state: Uint8Array): void {
    const value = Buffer.allocUnsafe(positionBytes)
    value.writeUIntBE(head, 0, 6)
    value.writeUIntBE(committed, 6, 6)
    value.set(headDigest, 12)
    value.set(state, stateAt)
    this.database.put(keys.position, value)
  }
}
