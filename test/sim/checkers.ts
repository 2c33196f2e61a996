// What must hold at every step of a simulated run, whatever fails. Never skipped under faults.
// They look at disks and at what is said, and trust no assertion of the code that they check.
import { type Digest, digestText, genesisDigest, sameDigest } from "../../src/protocol/digest.ts"
import { openRecord, type Record, type SealedRecord } from "../../src/protocol/record.ts"
import type { Position } from "../../src/store/store.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { CheckFailed, type CheckName } from "./check-failed.ts"
import { type Disk, names, type NodeName } from "./disk.ts"
import { Lines } from "./lines.ts"
import { Past } from "./past.ts"
import type { Acknowledger } from "./reigns.ts"
import type { Reads } from "./simulated-node.ts"

export class Checkers {
  readonly #disks: { readonly [Name in NodeName]: Disk }
  readonly lines: Lines
  readonly #opened = new WeakMap<SealedRecord, Record>()
  /** The last common version, once a disk with another history was put into a node. */
  #forkedAt: number | undefined
  readonly past = new Past((node) => this.lines.of(node).history)
  acknowledged = 0

  constructor(disks: { readonly [Name in NodeName]: Disk }) {
    this.#disks = disks
    this.lines = new Lines(disks)
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

  /** I3: told to the client only after both disks have it, and both nodes have committed it; solo, after this disk has it as committed. */
  acknowledgedTo(version: number, digest: Digest, by: Acknowledger): void {
    const line = this.lines.of(by.node)
    line.reigns.acknowledged(by)
    this.acknowledged++
    line.acknowledgedUpTo = Math.max(line.acknowledgedUpTo, version)
    if (by.solo) {
      this.#assertHeld("I3", by.node, version, digest, "a client was told")
      const stored = this.#disks[by.node].committed()
      if (stored < version) throw new CheckFailed("I3", `a client was told of version ${version}, and ${by.node}, which is solo, has stored only ${stored} as committed`)
      return
    }
    line.acknowledgedByBoth = Math.max(line.acknowledgedByBoth, version)
    for (const node of names) {
      this.#assertHeld("I3", node, version, digest, "a client was told")
      // It may have crashed since; then it serves no read before it has synced again.
      if (this.lines.reached[node] < version) throw new CheckFailed("I3", `a client was told of version ${version}, ${node} has committed only ${this.lines.reached[node]}`)
    }
  }

  /** I1 and I9: what one node commits, and so shows, is on its disk and on the other one's, and the same for both, for ever. A primary that is alone decides by itself. */
  advanced(node: NodeName, from: number, to: number, alone: boolean): void {
    if (this.#forkedAt !== undefined && to > this.#forkedAt) throw new CheckFailed("I4", `${node} committed version ${to} although the logs differ after ${this.#forkedAt}`)
    const line = this.lines.of(node)
    this.lines.reached[node] = Math.max(this.lines.reached[node], to)
    if (!alone) line.onBoth = Math.max(line.onBoth, to)
    for (let version = from + 1; version <= to; version++) {
      const record = this.#disks[node].record(version)
      if (record === undefined) throw new CheckFailed("I9", `${node} committed version ${version}, which is not on its disk`)
      if (!alone) for (const other of names) this.#assertHeld("I1", other, version, record.digest, `${node} committed it`)
      const known = line.committed[version - 1]
      if (known === undefined) {
        if (version !== line.committed.length + 1) throw new CheckFailed("I9", `${node} committed version ${version}, and nobody committed the one before it`)
        const { meta, writes } = this.#open(record)
        if (meta.key !== undefined && line.notCommitted.has(meta.key)) throw new CheckFailed("I10", `${meta.key} was said not to be committed, and ${node} committed it as version ${version}`)
        line.committed.push(record.digest)
        line.history.add(version, writes)
      } else if (!sameDigest(known, record.digest)) {
        throw new CheckFailed("I1", `version ${version} was committed as ${digestText(known)} and as ${digestText(record.digest)}`)
      }
    }
  }

  /** I4, after every durable change: one log is a prefix of the other, but for what is known to part from it. */
  prefix(): void {
    const { a, b } = this.#disks
    const both = Math.min(a.head(), b.head())
    // What a disk that went backwards has last may be trimmed on the other one; it is not continued there.
    if (both === 0 || both < Math.max(a.first(), b.first())) return
    const digest = a.digest(both)
    if ((digest !== undefined && b.holds(both, digest)) || this.lines.arePartedRightly) return
    throw new CheckFailed("I4", `the logs differ at version ${both}`)
  }

  /** After a batch has become durable on a node that stood at `before`. */
  saved(node: NodeName, records: readonly SealedRecord[], before: Position, after: Position, decided: boolean): void {
    this.#continues(node, records, before)
    this.#oneInDoubt(node, before, decided)
    if (decided) for (const { digest } of records) this.lines.of(node).decides(digest)
    if (after.committed !== before.committed) throw new CheckFailed("I9", `${node} shows version ${after.committed}, which it has only prepared`)
    for (const record of records) {
      const { key } = this.#open(record).meta
      if (key === undefined) continue
      // I10: of what a client was told not to be committed, nothing may ever be on a disk, but for what can never come to be committed.
      if (this.lines.of(node).notCommitted.has(key) && !this.#partsFrom(record.version)) throw new CheckFailed("I10", `${key} was said not to be committed, and is stored as version ${record.version}`)
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

  /** I5: a batch is stored only where everything before it is committed, and on both disks; solo, on this one. */
  #oneInDoubt(node: NodeName, { head, committed }: Position, solo: boolean): void {
    if (committed !== head) throw new CheckFailed("I5", `${node} stored a batch while versions ${committed + 1} to ${head} were in doubt`)
    if (solo) return
    const digest = this.#disks[node].digest(head)
    for (const other of names) if (digest !== undefined) this.#assertHeld("I5", other, head, digest, `${node} stored a batch after it`)
  }

  /** I10. What parts from this node's log can never come to be committed in it. */
  refusedTo(key: string, by: NodeName): void {
    this.lines.of(by).notCommitted.add(key)
    for (const node of names) {
      const version = this.#disks[node].versionOfKey(key)
      if (version === undefined || (node !== by && this.#partsFrom(version))) continue
      throw new CheckFailed("I10", `${key} was said not to be committed, and is on the disk of ${node} as version ${version}`)
    }
  }

  #partsFrom(version: number): boolean {
    return version > this.lines.lastCommon() && this.lines.arePartedRightly
  }

  /** I6: what belongs to another link, session, epoch or cluster is not listened to. */
  heededStale(node: NodeName, what: string): void {
    throw new CheckFailed("I6", `${node} heeded a stale message: ${what}`)
  }

  /** A copy of the other node's data is in the place of what a node had: as of one version, and nothing that is not decided. */
  copied(node: NodeName, { head, headDigest, committed }: Position): void {
    if (committed !== head) throw new CheckFailed("I9", `${node} has a copy of version ${head}, of which ${committed} is committed`)
    if (!this.lines.of(node).isCommitted(head, headDigest)) throw new CheckFailed("I9", `${node} has a copy of version ${head}, which nobody committed`)
    this.lines.reached[node] = Math.max(this.lines.reached[node], head)
    this.prefix()
  }

  undone(node: NodeName, committed: number): void {
    if (this.#disks[node].head() !== committed) throw new CheckFailed("I10", `${node} has undone what is above ${committed}, and its disk ends at ${this.#disks[node].head()}`)
    this.tookBack(node)
  }

  /**
   * What is above `common` goes from a log: nothing that anyone ever committed. Where a node was promoted over it by force, only what its
   * disk knows to be committed is held against that: the rest goes as what is in doubt does, into a file.
   */
  takesBack(node: NodeName, common: number): void {
    const disk = this.#disks[node]
    const last = this.lines.isLeftBehind(node) ? disk.committed() : disk.head()
    for (let version = last; version > common; version--) {
      const digest = this.#disks[node].digest(version)
      if (digest !== undefined && this.lines.of(node).isCommitted(version, digest)) throw new CheckFailed("I1", `version ${version} was committed, and ${node} takes it back`)
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
    // What a primary that is solo has saved is committed by that.
    const stored = this.#disks[node].committed()
    const digest = this.#disks[node].digest(stored)
    if (stored > this.lines.reached[node]) this.advanced(node, this.lines.reached[node], stored, digest !== undefined && this.lines.of(node).isDecidedAlone(digest))
    for (let version = Math.max(this.lines.of(node).onBoth, this.lines.reached[node]); version > 0; version--) {
      const digest = this.lines.of(node).committed[version - 1]
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
    const line = this.lines.of(node)
    if (committed > line.committed.length || committed > this.lines.reached[node]) throw new CheckFailed("I9", `${node} shows version ${committed}, which nobody has decided`)
    if (reads === "newest" && committed < line.acknowledgedUpTo) throw new CheckFailed("P4", `${node} shows version ${committed}, and clients were told of ${line.acknowledgedUpTo}`)
    // A replica that says that it may be stale lacks at most what its primary has acknowledged alone.
    if (reads !== "none" && !isPrimary && committed < line.acknowledgedByBoth) throw new CheckFailed("P4", `${node}, a replica, shows version ${committed}, and clients were told of ${line.acknowledgedByBoth}, which both had`)
    if (reads !== "newest" || !isPrimary) return
    // Reads of the primary are linearizable, also from one primary to the next.
    if (committed < line.shown) throw new CheckFailed("P4", `the primary, ${node}, shows version ${committed}, and an earlier reader saw ${line.shown}`)
    line.shown = committed
  }

  /** After everything has healed: both disks hold the same, all of it, once. */
  atTheEnd({ a, b }: { readonly [Name in NodeName]: TableStore }): void {
    if (!this.lines.isOne) throw new CheckFailed("liveness", "after healing the nodes still follow two lines")
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
      if (!this.lines.main.isCommitted(version, record.digest)) throw new CheckFailed("I1", `version ${version} is not what was committed`)
      const { key } = openRecord(record.bytes).meta
      if (key !== undefined && keys.has(key)) throw new CheckFailed("I8", `${key} is committed twice`)
      if (key !== undefined) keys.add(key)
    }
    for (const { collection, id, versions } of this.lines.main.history.entities()) {
      for (const version of versions) for (const at of [version - 1, version]) if (at >= a.horizon().oldest) this.past.read("a", a, collection, id, at)
      this.past.read("a", a, collection, id, head)
    }
    for (const [name, store] of [["a", a], ["b", b]] as const) this.past.readIndexes(name, store, "things", head)
    if (this.lines.main.committed.length > head) throw new CheckFailed("P2", `version ${this.lines.main.committed.length} was committed, and the logs end at ${head}`)
    for (const table of ["log", "rows", "history", "index", "index_history", "keys"] as const) {
      const difference = this.#disks.a.engine.difference(this.#disks.b.engine, table)
      if (difference !== undefined) throw new CheckFailed("I4", `table ${table} differs between the nodes at ${difference}`)
    }
  }
}
