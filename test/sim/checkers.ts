// What must hold at every step of a simulated run, whatever fails. Never skipped under faults.
import type { Digest } from "../../src/protocol/digest.ts"
import { digestText, sameDigest } from "../../src/protocol/digest.ts"
import type { InvariantName } from "../../src/protocol/invariant.ts"
import { openRecord, openWrites, type SealedRecord } from "../../src/protocol/record.ts"
import { rowBody, rowDeleted } from "../../src/store/row.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import type { MemoryEngine } from "./memory-engine.ts"

export class CheckFailed extends Error {
  constructor(name: InvariantName | "liveness" | "P2" | "P3" | "stop", detail: string) {
    super(`${name}: ${detail}`)
    this.name = "CheckFailed"
  }
}

export type NodeName = "a" | "b"

/** A node's disk, read as it is, also while the node is down. */
export interface Disk {
  readonly engine: MemoryEngine
}

export class Checkers {
  readonly #disks: { readonly [Name in NodeName]: Disk }
  /** Every version that some node ever committed. */
  readonly #committed = new Map<number, Digest>()
  readonly #notCommitted = new Set<string>()
  readonly #seen = new Map<string, string>()
  /** The highest version that each node ever committed. */
  readonly #reached: { [Name in NodeName]: number } = { a: 0, b: 0 }
  acknowledged = 0

  constructor(disks: { readonly [Name in NodeName]: Disk }) {
    this.#disks = disks
  }

  #durable(node: NodeName, version: number): Digest | undefined {
    const key = Buffer.alloc(6)
    key.writeUIntBE(version, 0, 6)
    return this.#disks[node].engine.tables.log.get(key)?.subarray(0, 32)
  }

  #durableHead(node: NodeName): number {
    for (const key of this.#disks[node].engine.tables.log.getKeys({ reverse: true, limit: 1 })) return key.readUIntBE(0, 6)
    return 0
  }

  #assertDurable(name: InvariantName, node: NodeName, version: number, digest: Digest, why: string): void {
    const stored = this.#durable(node, version)
    if (stored === undefined || !sameDigest(stored, digest)) throw new CheckFailed(name, `${why}, but version ${version} is not on the disk of ${node}`)
  }

  /** I2: a vote "prepared" leaves only after the batch is on the voter's disk. */
  voted(node: NodeName, version: number, digest: Digest): void {
    this.#assertDurable("I2", node, version, digest, `${node} voted`)
  }

  /** I3: told to the client only after both disks have it and the replica has committed it. */
  acknowledgedTo(version: number, digest: Digest): void {
    this.acknowledged++
    for (const node of ["a", "b"] as const) this.#assertDurable("I3", node, version, digest, "a client was told")
    // It may have crashed since; then it serves no read before it has synced again.
    if (this.#reached.b < version) throw new CheckFailed("I3", `a client was told of version ${version}, the replica has committed only ${this.#reached.b}`)
  }

  /** I1 and I9: what one node commits, and so shows, is on both disks, and the same for both, for ever. */
  advanced(node: NodeName, from: number, to: number): void {
    this.#reached[node] = Math.max(this.#reached[node], to)
    for (let version = from + 1; version <= to; version++) {
      const digest = this.#durable(node, version)
      if (digest === undefined) throw new CheckFailed("I9", `${node} committed version ${version}, which is not on its disk`)
      const known = this.#committed.get(version)
      if (known !== undefined && !sameDigest(known, digest)) throw new CheckFailed("I1", `version ${version} was committed as ${digestText(known)} and as ${digestText(digest)}`)
      this.#committed.set(version, digest)
      for (const other of ["a", "b"] as const) this.#assertDurable("I9", other, version, digest, `${node} shows it`)
    }
  }

  /** I4, after every durable change: one log is a prefix of the other. */
  prefix(): void {
    const both = Math.min(this.#durableHead("a"), this.#durableHead("b"))
    if (both === 0) return
    const a = this.#durable("a", both)
    const b = this.#durable("b", both)
    if (a === undefined || b === undefined || !sameDigest(a, b)) throw new CheckFailed("I4", `the logs differ at version ${both}`)
  }

  /** I10: of what a client was told not to be committed, nothing may ever be on a disk. */
  saved(records: readonly SealedRecord[]): void {
    for (const record of records) {
      const { key } = openRecord(record.bytes).meta
      if (key !== undefined && this.#notCommitted.has(key)) throw new CheckFailed("I10", `${key} was said not to be committed, and is stored as version ${record.version}`)
    }
    this.prefix()
  }

  refusedTo(key: string): void {
    this.#notCommitted.add(key)
    for (const node of ["a", "b"] as const) {
      for (const { value } of this.#disks[node].engine.tables.log.getRange({})) {
        if (openRecord(value.subarray(32)).meta.key === key) throw new CheckFailed("I10", `${key} was said not to be committed, and is on the disk of ${node}`)
      }
    }
  }

  /** I6: a message of another link, epoch or cluster asks nothing of the disk. */
  stale(node: NodeName, effects: readonly { readonly effect: string }[]): void {
    const changed = effects.find(({ effect }) => effect === "save" || effect === "undo" || effect === "advance" || effect === "identify")
    if (changed !== undefined) throw new CheckFailed("I6", `a stale message made ${node} ${changed.effect}`)
  }

  undone(from: number, to: number): void {
    for (let version = from + 1; version <= to; version++) {
      if (this.#committed.has(version)) throw new CheckFailed("I1", `version ${version} was committed and is undone`)
    }
    this.prefix()
  }

  /** I7 and I9: a read as of a version says the same on both nodes, for ever. */
  read(store: TableStore, collection: string, id: string, at: number): void {
    const row = store.row(collection, id, at)
    const shown = row === undefined || rowDeleted(row) ? "" : Buffer.from(rowBody(row)).toString("utf8")
    const question = `${collection}/${id} as of ${at}`
    const before = this.#seen.get(question)
    if (before !== undefined && before !== shown) throw new CheckFailed("I7", `${question} was ${before}, and is ${shown}`)
    this.#seen.set(question, shown)
  }

  /** After everything has healed: both disks hold the same, all of it, once. */
  atTheEnd(stores: { readonly [Name in NodeName]: TableStore }): void {
    const { a, b } = stores
    const { head, headDigest, committed } = a.position()
    if (head !== b.position().head || !sameDigest(headDigest, b.position().headDigest) || committed !== head || b.position().committed !== head) {
      throw new CheckFailed("liveness", `after healing a is at ${head}/${committed}, b at ${b.position().head}/${b.position().committed}`)
    }
    for (const [version, digest] of this.#committed) this.#assertDurable("I1", "a", version, digest, "it was committed")
    const keys = new Set<string>()
    const rows = new Map<string, Uint8Array>()
    for (let version = 1; version <= head; version++) {
      const record = a.record(version)
      if (record === undefined) throw new CheckFailed("I4", `version ${version} is missing`)
      const { key } = openRecord(record.bytes).meta
      if (key !== undefined && keys.has(key)) throw new CheckFailed("I8", `${key} is committed twice`)
      if (key !== undefined) keys.add(key)
      for (const write of openWrites(record.bytes).writes) rows.set(`${write.collection}\0${write.id}`, write.row)
    }
    for (const [key, row] of rows) {
      const [collection = "", id = ""] = key.split("\0")
      const stored = a.row(collection, id, head)
      if (stored === undefined || Buffer.compare(stored, row) !== 0) throw new CheckFailed("I7", `${collection}/${id} is not what the log says`)
    }
    for (const table of ["log", "rows", "history", "index", "index_history", "keys"] as const) {
      if (dump(this.#disks.a, table) !== dump(this.#disks.b, table)) throw new CheckFailed("I4", `table ${table} differs between the nodes`)
    }
  }

  isCommitted(key: string): boolean {
    for (const { value } of this.#disks.a.engine.tables.log.getRange({})) {
      if (openRecord(value.subarray(32)).meta.key === key) return true
    }
    return false
  }
}

function dump(disk: Disk, table: "log" | "rows" | "history" | "index" | "index_history" | "keys"): string {
  let text = ""
  for (const { key, value } of disk.engine.tables[table].getRange({})) text += `${key.toString("latin1")}=${value.toString("latin1")}\n`
  return text
}
