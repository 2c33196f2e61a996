// What must hold at every step of a simulated run, whatever fails. Never skipped under faults.
// They look at disks and at what is said, and trust no assertion of the code that they check.
import { type Digest, digestText, genesisDigest, sameDigest } from "../../src/protocol/digest.ts"
import { openRecord, type Record, type SealedRecord } from "../../src/protocol/record.ts"
import { rowChanged, rowDeleted, rowText, textTerm } from "../../src/store/row.ts"
import type { Definition } from "../../src/operations/definition.ts"
import type { Position, Reader } from "../../src/store/store.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { CheckFailed, type CheckName } from "./check-failed.ts"
import { type Disk, names, type NodeName } from "./disk.ts"
import { type Acknowledger, Reigns } from "./reigns.ts"
import type { Reads } from "./simulated-node.ts"
import { KnownHistory, latin1 } from "./known-history.ts"

export class Checkers {
  readonly #disks: { readonly [Name in NodeName]: Disk }
  /** Digests of the versions that some node ever committed, from version 1 on. */
  readonly #committed: Digest[] = []
  readonly #history = new KnownHistory()
  readonly #notCommitted = new Set<string>()
  readonly #opened = new WeakMap<SealedRecord, Record>()
  /** The highest version that each node ever committed. */
  readonly #reached: { [Name in NodeName]: number } = { a: 0, b: 0 }
  #acknowledgedUpTo = 0
  /** The highest version that is known to have been on both disks when it was committed. */
  #onBoth = 0
  /** The highest that a reader of a primary was shown. */
  #shown = 0
  readonly #reigns = new Reigns()
  /** The last common version, once a disk with another history was put into a node. */
  #forkedAt: number | undefined
  acknowledged = 0

  constructor(disks: { readonly [Name in NodeName]: Disk }) {
    this.#disks = disks
  }

  get highestCommitted(): number {
    return this.#committed.length
  }

  /** Whether a disk has everything that was ever committed, so that the other one may be lost. */
  hasAll(node: NodeName): boolean {
    const digest = this.#committed.at(-1)
    return digest === undefined || this.#disks[node].holds(this.#committed.length, digest)
  }

  forked(at: number): void {
    this.#forkedAt = at
  }

  #open(record: SealedRecord): Record {
    const known = this.#opened.get(record)
    if (known !== undefined) return known
    const opened = openRecord(record.bytes)
    this.#opened.set(record, opened)
    return opened
  }

  #assertHeld(name: CheckName, node: NodeName, version: number, digest: Digest, why: string): void {
    if (!this.#disks[node].held(version, digest)) throw new CheckFailed(name, `${why}, but version ${version} is not on the disk of ${node}`)
  }

  /** I2: a vote "prepared" leaves only after the batch is on the voter's disk. */
  voted(node: NodeName, { version, digest }: SealedRecord): void {
    this.#assertHeld("I2", node, version, digest, `${node} voted`)
  }

  /** I3: told to the client only after both disks have it, and both nodes have committed it. */
  acknowledgedTo(version: number, digest: Digest, by: Acknowledger): void {
    this.#reigns.acknowledged(by)
    this.acknowledged++
    this.#acknowledgedUpTo = Math.max(this.#acknowledgedUpTo, version)
    for (const node of names) {
      this.#assertHeld("I3", node, version, digest, "a client was told")
      // It may have crashed since; then it serves no read before it has synced again.
      if (this.#reached[node] < version) throw new CheckFailed("I3", `a client was told of version ${version}, ${node} has committed only ${this.#reached[node]}`)
    }
  }

  /** I1 and I9: what one node commits, and so shows, is on its disk and on the other one's, and the same for both, for ever. A primary that is alone decides by itself. */
  advanced(node: NodeName, from: number, to: number, alone: boolean): void {
    if (this.#forkedAt !== undefined && to > this.#forkedAt) throw new CheckFailed("I4", `${node} committed version ${to} although the logs differ after ${this.#forkedAt}`)
    this.#reached[node] = Math.max(this.#reached[node], to)
    if (!alone) this.#onBoth = Math.max(this.#onBoth, to)
    for (let version = from + 1; version <= to; version++) {
      const record = this.#disks[node].record(version)
      if (record === undefined) throw new CheckFailed("I9", `${node} committed version ${version}, which is not on its disk`)
      if (!alone) for (const other of names) this.#assertHeld("I1", other, version, record.digest, `${node} committed it`)
      const known = this.#committed[version - 1]
      if (known === undefined) {
        if (version !== this.highestCommitted + 1) throw new CheckFailed("I9", `${node} committed version ${version}, and nobody committed the one before it`)
        this.#committed.push(record.digest)
        this.#history.add(version, this.#open(record).writes)
      } else if (!sameDigest(known, record.digest)) {
        throw new CheckFailed("I1", `version ${version} was committed as ${digestText(known)} and as ${digestText(record.digest)}`)
      }
    }
  }

  /** I4, after every durable change: one log is a prefix of the other. */
  prefix(): void {
    const { a, b } = this.#disks
    const both = Math.min(a.head(), b.head())
    const digest = a.digest(both)
    if (both > 0 && (digest === undefined || !b.holds(both, digest))) throw new CheckFailed("I4", `the logs differ at version ${both}`)
  }

  /** After a batch has become durable on a node that stood at `before`. */
  saved(node: NodeName, records: readonly SealedRecord[], before: Position, after: Position): void {
    this.#continues(node, records, before)
    this.#oneInDoubt(node, before)
    if (after.committed !== before.committed) throw new CheckFailed("I9", `${node} shows version ${after.committed}, which it has only prepared`)
    for (const record of records) {
      const { key } = this.#open(record).meta
      if (key === undefined) continue
      // I10: of what a client was told not to be committed, nothing may ever be on a disk.
      if (this.#notCommitted.has(key)) throw new CheckFailed("I10", `${key} was said not to be committed, and is stored as version ${record.version}`)
      const earlier = this.#disks[node].versionOfKey(key)
      if (earlier !== undefined) throw new CheckFailed("I8", `${key} is stored as version ${earlier} and as version ${record.version}`)
      this.#disks[node].saved(key, record.version)
    }
    this.prefix()
  }

  #continues(node: NodeName, records: readonly SealedRecord[], before: Position): void {
    const first = records[0]
    if (first === undefined) throw new CheckFailed("I4", `${node} stored an empty batch`)
    if (this.#forkedAt !== undefined) throw new CheckFailed("I4", `${node} stored version ${first.version} although the logs differ after ${this.#forkedAt}`)
    let { version, digest, timeMs }: Pick<SealedRecord, "version" | "digest" | "timeMs"> = this.#disks[node].record(before.head) ?? { version: 0, digest: genesisDigest, timeMs: 0 }
    for (const record of records) {
      if (record.version !== version + 1 || !sameDigest(digest, record.parent)) throw new CheckFailed("I4", `${node} stored version ${record.version}, which does not follow its version ${version}`)
      if (record.timeMs < timeMs) throw new CheckFailed("record time", `version ${record.version} is older than the one before it`)
      ;({ version, digest, timeMs } = record)
    }
  }

  /** I5: a batch is stored only where everything before it is committed, and on both disks. */
  #oneInDoubt(node: NodeName, { head, committed }: Position): void {
    if (committed !== head) throw new CheckFailed("I5", `${node} stored a batch while versions ${committed + 1} to ${head} were in doubt`)
    const digest = this.#disks[node].digest(head)
    for (const other of names) if (digest !== undefined) this.#assertHeld("I5", other, head, digest, `${node} stored a batch after it`)
  }

  /** I10. */
  refusedTo(key: string): void {
    this.#notCommitted.add(key)
    for (const node of names) {
      const version = this.#disks[node].versionOfKey(key)
      if (version !== undefined) throw new CheckFailed("I10", `${key} was said not to be committed, and is on the disk of ${node} as version ${version}`)
    }
  }

  /** I6: what belongs to another link, session, epoch or cluster is not listened to. */
  heededStale(node: NodeName, what: string): void {
    throw new CheckFailed("I6", `${node} heeded a stale message: ${what}`)
  }

  undone(node: NodeName, head: number, committed: number): void {
    if (head > committed && this.highestCommitted > committed) throw new CheckFailed("I1", `version ${committed + 1} was committed, and ${node} undid it`)
    if (this.#disks[node].head() !== committed) throw new CheckFailed("I10", `${node} has undone what is above ${committed}, and its disk ends at ${this.#disks[node].head()}`)
    this.#disks[node].undone(committed)
    this.prefix()
  }

  /** A rejoin takes back what the other node's log has not, above `common`: nothing that anyone ever committed. */
  takesBack(node: NodeName, common: number): void {
    for (let version = this.#disks[node].head(); version > common; version--) {
      const known = this.#committed[version - 1]
      if (known !== undefined && this.#disks[node].holds(version, known)) throw new CheckFailed("I1", `version ${version} was committed, and ${node} takes it back`)
    }
  }

  tookBack(node: NodeName): void {
    this.#disks[node].undone(this.#disks[node].head())
    this.prefix()
  }

  /** P2: what was committed before a crash is there after it, and what was in doubt as well: recovery only goes forward. */
  restarted(node: NodeName, headBefore: number): void {
    const head = this.#disks[node].head()
    if (head !== headBefore) throw new CheckFailed("P2", `${node} has restarted, and its log ends at version ${head} instead of ${headBefore}`)
    if (this.#forkedAt !== undefined) return
    for (let version = Math.max(this.#onBoth, this.#reached[node]); version > 0; version--) {
      const digest = this.#committed[version - 1]
      if (digest === undefined || this.#disks[node].holds(version, digest)) return
      this.#assertHeld("P2", node, version, digest, `${node} has restarted`)
    }
  }

  /** I9, and P4 where the node would answer: it shows nothing undecided, and everything that a client was told of. */
  shows(node: NodeName, committed: number, reads: Reads, isPrimary: boolean): void {
    if (this.#forkedAt !== undefined) {
      // A stuck node that goes on serving reads has not compared the logs, and says that they may be stale.
      if (reads === "newest") throw new CheckFailed("P6", `${node} serves reads although the logs differ after ${this.#forkedAt}`)
      return
    }
    if (committed > this.highestCommitted || committed > this.#reached[node]) throw new CheckFailed("I9", `${node} shows version ${committed}, which nobody has decided`)
    if (reads === "newest" && committed < this.#acknowledgedUpTo) throw new CheckFailed("P4", `${node} shows version ${committed}, and clients were told of ${this.#acknowledgedUpTo}`)
    if (reads !== "newest" || !isPrimary) return
    // Reads of the primary are linearizable, also from one primary to the next.
    if (committed < this.#shown) throw new CheckFailed("P4", `the primary, ${node}, shows version ${committed}, and an earlier reader saw ${this.#shown}`)
    this.#shown = committed
  }

  /** I7: a read as of a version says what the log says, on both nodes, for ever. */
  read(reader: Reader, collection: string, id: string, at: number): void {
    const row = reader.row(collection, id, at)
    const shown = row === undefined || rowDeleted(row) ? undefined : rowText(row)
    const written = this.#history.row(collection, id, at)
    if (shown !== written) throw new CheckFailed("I7", `${collection}/${id} as of ${at} is ${shown}, and the log says ${written}`)
  }

  readPage(reader: Reader, collection: string, at: number): void {
    const shown = reader.page(collection, { at, after: undefined, limit: 100 }).rows.map(({ id }) => id).join(" ")
    const written = this.#history.ids(collection, at).join(" ")
    if (shown !== written) throw new CheckFailed("I7", `${collection} as of ${at} has ${shown}, and the log says ${written}`)
  }

  readHistory(reader: Reader, collection: string, id: string, at: number): void {
    const { oldest } = reader.horizon()
    const shown = reader.history(collection, id, { at, limit: 1_000 }).filter((row) => rowChanged(row) > oldest).length
    const written = this.#history.versions(collection, id, at).filter((version) => version > oldest).length
    if (shown !== written) throw new CheckFailed("I7", `${collection}/${id} has ${shown} versions up to ${at}, and the log says ${written}`)
  }

  readByEmail(reader: Reader, email: string, at: number): void {
    const { field, value } = textTerm("email", email, true)
    const shown = reader.lookup("users", field, value, at)
    const written = this.#history.holder("users", field, value, at)
    if (shown !== written) throw new CheckFailed("I7", `${email} as of ${at} belongs to ${shown}, and the log says to ${written}`)
  }

  /** Every index that was there has each live entity once, where it belongs. */
  readIndexes(reader: Reader, collection: string, at: number): void {
    const text = this.#history.row("collections", collection, at)
    if (text === undefined) return
    const ids = this.#history.ids(collection, at).join(" ")
    for (const { term } of Object.values((JSON.parse(text) as Definition).indexes)) {
      const shown = reader.walk(collection, term, { at, reverse: false, limit: 100 }).entries.map(({ value, id }) => `${latin1(value)} ${id}`).join(", ")
      const entries = this.#history.entries(collection, term, at)
      const written = entries.map(({ value, id }) => `${value} ${id}`).join(", ")
      if (shown !== written) throw new CheckFailed("I7", `the index ${term} of ${collection} as of ${at} has ${shown}, and the log says ${written}`)
      const indexed = entries.map(({ id }) => id).sort().join(" ")
      if (indexed !== ids) throw new CheckFailed("I7", `the index ${term} of ${collection} as of ${at} has ${indexed}, and there are ${ids}`)
    }
  }

  /** After everything has healed: both disks hold the same, all of it, once. */
  atTheEnd({ a, b }: { readonly [Name in NodeName]: TableStore }): void {
    const { head, headDigest, committed } = a.position()
    if (head !== b.position().head || !sameDigest(headDigest, b.position().headDigest) || committed !== head || b.position().committed !== head) {
      throw new CheckFailed("liveness", `after healing a is at ${head}/${committed}, b at ${b.position().head}/${b.position().committed}`)
    }
    const keys = new Set<string>()
    for (const store of [a, b]) {
      while (store.trimNow(1_000)) {
        // What is left below the horizon.
      }
    }
    for (let version = a.logStart(); version <= head; version++) {
      const record = a.record(version)
      if (record === undefined) throw new CheckFailed("I4", `version ${version} is missing`)
      const known = this.#committed[version - 1]
      if (known === undefined || !sameDigest(known, record.digest)) throw new CheckFailed("I1", `version ${version} is not what was committed`)
      const { key } = openRecord(record.bytes).meta
      if (key !== undefined && keys.has(key)) throw new CheckFailed("I8", `${key} is committed twice`)
      if (key !== undefined) keys.add(key)
    }
    for (const { collection, id, versions } of this.#history.entities()) {
      for (const version of versions) for (const at of [version - 1, version]) if (at >= a.horizon().oldest) this.read(a, collection, id, at)
      this.read(a, collection, id, head)
    }
    for (const store of [a, b]) this.readIndexes(store, "things", head)
    if (this.highestCommitted > head) throw new CheckFailed("P2", `version ${this.highestCommitted} was committed, and the logs end at ${head}`)
    for (const table of ["log", "rows", "history", "index", "index_history", "keys"] as const) {
      const difference = this.#disks.a.engine.difference(this.#disks.b.engine, table)
      if (difference !== undefined) throw new CheckFailed("I4", `table ${table} differs between the nodes at ${difference}`)
    }
  }
}
