// A node's disk, read as it is, also while the node is down. It can be lost, and restored from a backup.
import { type Digest, digestText, sameDigest } from "../../src/protocol/digest.ts"
import { openRecord, resealRecord, type SealedRecord } from "../../src/protocol/record.ts"
import { HardState } from "../../src/store/hard-state.ts"
import { horizonOfRow, horizonRow } from "../../src/store/horizon.ts"
import { versionKey, versionOf } from "../../src/store/keys.ts"
import { type Identity, nobody, type Position } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { MemoryEngine } from "./memory-engine.ts"

export type NodeName = "a" | "b"

export const names = ["a", "b"] as const

export function other(name: NodeName): NodeName {
  return name === "a" ? "b" : "a"
}

export function identityOf({ tables }: MemoryEngine): Identity | undefined {
  return new HardState(tables.hard_state).identity()
}

export function positionOf({ tables }: MemoryEngine): Position {
  return new HardState(tables.hard_state).position()
}

export class Disk {
  engine = new MemoryEngine()
  /** Versions by idempotency key, kept beside the tables so that nobody has to scan them. */
  readonly #keys = new Map<string, number>()
  /** What was on a disk that is no more. */
  readonly #gone = new Set<string>()
  /** Up to here that had been trimmed before. */
  #goneBelow = 0

  /** What the node that has it knows of itself; undefined before its first start. */
  identity(): Identity | undefined {
    return identityOf(this.engine)
  }

  /** As it is stored: a restart knows no more. */
  committed(): number {
    return positionOf(this.engine).committed
  }

  head(): number {
    for (const key of this.engine.tables.log.getKeys({ reverse: true, limit: 1 })) return versionOf(key)
    return 0
  }

  /** The first version that its log has; 0 where that is empty. */
  first(): number {
    for (const key of this.engine.tables.log.getKeys({ limit: 1 })) return versionOf(key)
    return 0
  }

  /** The oldest version that its log has to have, in doubt or not. */
  horizon(): number {
    return horizonOfRow(new TableStore(this.engine, nobody).rows.newest(horizonRow.collection, horizonRow.id)).log
  }

  /** Also of the version before the first, which that one names. */
  digest(version: number): Digest | undefined {
    if (version === 0) return undefined
    return this.engine.tables.log.get(versionKey(version))?.subarray(0, 32) ?? this.record(version + 1)?.parent
  }

  record(version: number): SealedRecord | undefined {
    const value = this.engine.tables.log.get(versionKey(version))
    return value === undefined ? undefined : resealRecord(value.subarray(32))
  }

  holds(version: number, digest: Digest): boolean {
    const stored = this.digest(version)
    return stored !== undefined && sameDigest(stored, digest)
  }

  /** Whether it holds a record, or held it until it was trimmed, or all of it was lost: no protocol can do more. */
  held(version: number, digest: Digest): boolean {
    return this.holds(version, digest) || version < Math.max(this.first(), this.#goneBelow) || this.#gone.has(`${version} ${digestText(digest)}`)
  }

  versionOfKey(key: string): number | undefined {
    return this.#keys.get(key)
  }

  saved(key: string, version: number): void {
    this.#keys.set(key, version)
  }

  undone(above: number): void {
    for (const [key, version] of this.#keys) if (version > above) this.#keys.delete(key)
  }

  /** The tables are gone; others, or empty ones, are in their place. */
  replace(engine = new MemoryEngine()): void {
    this.#goneBelow = Math.max(this.#goneBelow, this.first())
    for (let version = this.head(); version > 0; version--) {
      const digest = this.digest(version)
      if (digest !== undefined) this.#gone.add(`${version} ${digestText(digest)}`)
    }
    this.engine = engine
    this.#keys.clear()
    for (const { key: version, value } of engine.tables.log.getRange({})) {
      const { key } = openRecord(value.subarray(32)).meta
      if (key !== undefined) this.#keys.set(key, versionOf(version))
    }
  }
}
