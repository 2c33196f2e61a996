// A node's disk, read as it is, also while the node is down. It can be lost, and restored from a backup.
import { type Digest, digestText, sameDigest } from "../../src/protocol/digest.ts"
import { openRecord, resealRecord, type SealedRecord } from "../../src/protocol/record.ts"
import { HardState } from "../../src/store/hard-state.ts"
import { versionKey, versionOf } from "../../src/store/keys.ts"
import type { Identity, Position } from "../../src/store/store.ts"
import { MemoryEngine } from "./memory-engine.ts"

export type NodeName = "a" | "b"

export const names = ["a", "b"] as const

export function other(name: NodeName): NodeName {
  return name === "a" ? "b" : "a"
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

  /** What the node that has it knows of itself; undefined before its first start. */
  identity(): Identity | undefined {
    return new HardState(this.engine.tables.hard_state).identity()
  }

  /** As it is stored: a restart knows no more. */
  committed(): number {
    return positionOf(this.engine).committed
  }

  head(): number {
    for (const key of this.engine.tables.log.getKeys({ reverse: true, limit: 1 })) return versionOf(key)
    return 0
  }

  #first(): number {
    for (const key of this.engine.tables.log.getKeys({ limit: 1 })) return versionOf(key)
    return 0
  }

  digest(version: number): Digest | undefined {
    return this.engine.tables.log.get(versionKey(version))?.subarray(0, 32)
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
    return this.holds(version, digest) || version < this.#first() || this.#gone.has(`${version} ${digestText(digest)}`)
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
