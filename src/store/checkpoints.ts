// The digests of the state at every so many versions that both nodes compare; see protocol/checkpoint.ts. The newest is stored, so that a
// node that starts anew is compared at once; a few are remembered, since the other node may not have come as far.
import type { Checkpoint } from "../protocol/checkpoint.ts"
import { digestBytes } from "../protocol/digest.ts"
import type { SealedRecord } from "../protocol/record.ts"
import { versionBytes, versionKey, versionOf } from "./keys.ts"
import { stateBytes } from "./state-sum.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Table } from "./tables.ts"

const key = Buffer.from("checkpoint")
const storedBytes = versionBytes + digestBytes + stateBytes
const rememberedMax = 8

export class Checkpoints {
  /** Oldest first. */
  #newest: readonly Checkpoint[]

  constructor(
    private readonly database: Table,
    private readonly every: number,
  ) {
    const stored = database.get(key)
    this.#newest = stored === undefined ? [] : [decoded(stored)]
  }

  /** Of a version, or the newest. */
  at(version: number | undefined): Checkpoint | undefined {
    return version === undefined ? this.#newest.at(-1) : this.#newest.find((one) => one.version === version)
  }

  /** Inside a transaction: a record was applied, and left this state. */
  applied({ version, digest }: SealedRecord, state: () => Uint8Array): void {
    if (version % this.every !== 0) return
    // A copy: the whole batch would be kept for it.
    this.#newest = [...this.#newest, { version, digest: Buffer.from(digest), state: state() }].slice(-rememberedMax)
    this.#put()
  }

  /** Inside a transaction: what is above `head` was taken back. */
  takenBack(head: number): void {
    if ((this.#newest.at(-1)?.version ?? 0) <= head) return
    this.#newest = this.#newest.filter(({ version }) => version <= head)
    this.#put()
  }

  /** What makes everything as it is now, for a transaction that changes nothing in the end. */
  mark(): () => void {
    const newest = this.#newest
    return () => {
      this.#newest = newest
    }
  }

  #put(): void {
    const newest = this.#newest.at(-1)
    if (newest === undefined) this.database.remove(key)
    else this.database.put(key, Buffer.concat([versionKey(newest.version), newest.digest, newest.state]))
  }
}

function decoded(stored: Buffer): Checkpoint {
  if (stored.length !== storedBytes) throw new StoreDamaged(`the stored digest of a former state is damaged: it has ${stored.length} bytes, not ${storedBytes}`)
  const stateAt = versionBytes + digestBytes
  return { version: versionOf(stored.subarray(0, versionBytes)), digest: stored.subarray(versionBytes, stateAt), state: stored.subarray(stateAt) }
}
