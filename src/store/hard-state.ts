// The few facts that are not in the log: who this node is, and where its log stands.
import { type Digest, digestBytes, genesisDigest } from "../protocol/digest.ts"
import { type Identity, type Position, undecided } from "./store.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Table } from "./tables.ts"

const keys = { identity: Buffer.from("identity"), position: Buffer.from("position") } as const

const positionBytes = 12 + digestBytes

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
    return { head: value.readUIntBE(0, 6), committed: value.readUIntBE(6, 6), headDigest: value.subarray(12) }
  }

  /** Inside a transaction. */
  putPosition(head: number, headDigest: Digest, committed: number): void {
    const value = Buffer.allocUnsafe(positionBytes)
    value.writeUIntBE(head, 0, 6)
    value.writeUIntBE(committed, 6, 6)
    value.set(headDigest, 12)
    this.database.put(keys.position, value)
  }
}
