// The clients: what they ask for under which idempotency key, what they were told, and whether it stays true.
import type { Executed } from "../../src/operations/batch-run.ts"
import { BatchRun } from "../../src/operations/batch-run.ts"
import { parseTransaction } from "../../src/operations/envelope.ts"
import { keyHash } from "../../src/operations/idempotency-key.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { type Digest, digestText, sameDigest } from "../../src/protocol/digest.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { isRefusal } from "../../src/refusal.ts"
import type { Reader } from "../../src/store/store.ts"
import { CheckFailed } from "./check-failed.ts"
import type { Checkers } from "./checkers.ts"
import { definition, definitionKey, noPasswords, redefinitions, root } from "./definitions.ts"
import { type NodeName, names } from "./disk.ts"
import type { Outcomes, Told } from "./outcomes.ts"
import type { Random } from "./random.ts"
import type { Acknowledger } from "./reigns.ts"
import { emptyStore } from "../operations/empty-store.ts"

export interface Asked {
  readonly key: string
  readonly transaction: SubmittedTransaction
  /** The version that its client knew of when it asked: where it has asked the other node, too, that may tell it one meanwhile. */
  readonly known?: number | undefined
}

export interface Client extends Asked {
  readonly executed: Executed
}

function parse(operations: readonly object[], key: string) {
  return parseTransaction({ operations }, { principal: root, key, reader: emptyStore, allowTimes: false, hashPassword: noPasswords, verifyLogin: noPasswords })
}

export class Clients {
  readonly #random: Random
  readonly #checkers: Checkers
  /** What the first attempt was to be answered, by the digest of its record: a replay says the same. */
  readonly #results = new Map<string, string>()
  #count = 0

  constructor(random: Random, checkers: Checkers) {
    this.#random = random
    this.#checkers = checkers
  }

  #outcomes(node: NodeName): Outcomes {
    return this.#checkers.lines.of(node).outcomes
  }

  /** Of this node: new, or again what nobody knows the outcome of, or, by a client that has lost the answer, what was committed. */
  next(node: NodeName): Asked {
    const outcomes = this.#outcomes(node)
    if (outcomes.unknownCount > 0 && this.#random.chance(0.4)) return outcomes.asked(this.#random.pick(outcomes.unknown))
    if (outcomes.keys.length > 0 && this.#random.chance(0.08)) {
      const key = this.#random.pick(outcomes.keys)
      if (outcomes.of(key)?.outcome !== "refused") return outcomes.asked(key)
    }
    if (this.#count === 0) return this.define()
    if (this.#random.chance(0.03)) return this.redefine(this.#random.pick(redefinitions))
    const operations: object[] = []
    for (let n = this.#random.between(1, 2); n > 0; n--) operations.push(this.#operation())
    return this.make(operations)
  }

  /** The first thing that is asked for. */
  define(): Asked {
    const key = `k${++this.#count}`
    if (key !== definitionKey) throw new Error("the definition comes first, and once")
    return { key, transaction: definition }
  }

  redefine(transaction: SubmittedTransaction): Asked {
    return { key: "definition", transaction }
  }

  make(operations: readonly object[]): Asked {
    return this.#asked(`k${++this.#count}`, operations)
  }

  #asked(key: string, operations: readonly object[]): Asked {
    const transaction = parse(operations, key)
    if (isRefusal(transaction) || transaction instanceof Promise) throw new Error("the simulator made a bad request")
    return { key, transaction }
  }

  /** What such a transaction writes, without anyone having asked for it. */
  recordsOf(reader: Reader, operations: readonly object[], nowMs: number): readonly SealedRecord[] {
    const batch = new BatchRun({ reader, epoch: 1, nowMs })
    batch.execute(this.#asked(`unasked-${++this.#count}`, operations).transaction)
    return batch.records
  }

  withUnknownOutcome(node: NodeName): Asked[] {
    const outcomes = this.#outcomes(node)
    return outcomes.unknown.map((key) => outcomes.asked(key))
  }

  withOutcome(node: NodeName, outcome: Told["outcome"]): Asked[] {
    return this.#outcomes(node).withOutcome(outcome)
  }

  #operation(): object {
    const id = `d${this.#random.between(0, 4)}`
    const user = `u${this.#random.between(0, 9)}`
    const email = `e${this.#random.between(0, 5)}@x`
    switch (this.#random.between(0, 4)) {
      case 0:
        return { op: "user.create", data: { id: user, email } }
      case 1:
        return { op: "user.delete", data: { id: user } }
      case 2:
        return { op: "user.update", data: { id: user, email } }
      case 3:
        return { op: "document.delete", data: { collection: "things", id } }
      default:
        return { op: "document.put", data: { collection: "things", id, value: this.#value() } }
    }
  }

  /** Of an owner who may not be there, and with a code that another may have. */
  #value(): object {
    const owner = this.#random.chance(0.2) ? { owner: `u${this.#random.between(0, 9)}` } : {}
    const code = this.#random.chance(0.2) ? { code: `c${this.#random.between(0, 3)}` } : {}
    return { n: this.#count % 7, ...owner, ...code }
  }

  /** A record was made for this transaction: whatever becomes of it, its answer is this one. */
  executed({ executed, transaction }: Client): void {
    if (transaction.key === undefined) return
    if (executed.kind === "record") this.#results.set(digestText(executed.record.digest), executed.results)
  }

  /** The batch is acknowledged, or nothing stood in the way of the answer. */
  answered(client: Client, reader: Reader, by: Acknowledger): void {
    const { executed } = client
    if (client.transaction.key === undefined) return
    if (executed.kind === "refused") {
      this.refused(client, by.node)
      return
    }
    if (executed.kind === "dry-run") throw new Error("nobody asked for a dry run")
    const version = executed.kind === "record" ? executed.record.version : executed.version
    const digest = executed.kind === "record" ? executed.record.digest : this.#digestOfReplay(client, version, executed.results, reader)
    this.#checkers.acknowledgedTo(version, digest, by)
    const outcomes = this.#outcomes(by.node)
    outcomes.onlyAt(client.key, version, "a client was answered")
    outcomes.remember(client, "committed", version)
  }

  /** P3: a retry is told what the first attempt would have been told. */
  #digestOfReplay({ key }: Client, version: number, results: string, reader: Reader): Digest {
    const record = reader.record(version)
    if (record === undefined) throw new CheckFailed("P3", `a retry of ${key} was told of version ${version}, which is not there`)
    const first = this.#results.get(digestText(record.digest))
    if (first !== results) throw new CheckFailed("P3", `a retry of ${key} was answered ${results}, the first attempt ${first}`)
    return record.digest
  }

  /** Definitely not committed (I10). */
  refused(client: Asked, by: NodeName): void {
    if (client.transaction.key === undefined) return
    const outcomes = this.#outcomes(by)
    const told = outcomes.of(client.key)
    if (told?.version !== undefined && client.known === undefined) return
    if (told?.version !== undefined) throw new CheckFailed("P3", `${client.key} was refused, and is known as version ${told.version}`)
    this.#checkers.refusedTo(client.key, by)
    outcomes.remember(client, "refused", undefined)
  }

  heardNothing(client: Asked, of: NodeName): void {
    if (client.transaction.key === undefined) return
    const outcomes = this.#outcomes(of)
    const told = outcomes.of(client.key)
    // The other node may have told more meanwhile.
    if (told === undefined || told.outcome === "unknown") outcomes.remember(client, "unknown", told?.version)
  }

  /** What is older than retention keeps, nobody asks for any more. */
  forgetBelow(oldest: number): void {
    for (const name of names) this.#outcomes(name).forgetBelow(oldest)
  }

  /** Asks a readable node what became of a key, as GET /do/{key} does. */
  lookUp(node: NodeName, reader: Reader, committed: number): void {
    const outcomes = this.#outcomes(node)
    if (outcomes.keys.length === 0) return
    const key = this.#random.pick(outcomes.keys)
    const told = outcomes.of(key)
    if (told === undefined) return
    const version = reader.versionOfKey(keyHash(root.name, key))
    if (told.outcome === "refused" && version !== undefined) throw new CheckFailed("I10", `${key} was said not to be committed, and is version ${version}`)
    if (told.outcome === "committed" && (version === undefined || version > committed)) throw new CheckFailed("P4", `${key} was acknowledged as version ${told.version}, and a look-up says ${version} of ${committed}`)
    if (version === undefined && told.version !== undefined) throw new CheckFailed("P2", `${key} was seen as version ${told.version}, and is gone`)
    if (version === undefined || version > committed) return
    outcomes.onlyAt(key, version, "a look-up")
    outcomes.remember(told.asked, told.outcome, version)
  }

  /** Retries what nobody knows the outcome of: it must be what the log says (P3). */
  resolve(node: NodeName, reader: Reader, versionOf: (key: string) => number | undefined, nowMs: number): void {
    const batch = new BatchRun({ reader, epoch: 1, nowMs })
    for (const { key, transaction } of this.withUnknownOutcome(node)) {
      const executed = batch.execute(transaction)
      const version = versionOf(key)
      if (version !== undefined && executed.kind === "record") throw new CheckFailed("I8", `a retry of ${key}, which is version ${version}, makes version ${executed.record.version}`)
      if (version === undefined ? executed.kind === "replay" : executed.kind !== "replay" || executed.version !== version) {
        throw new CheckFailed("P3", `a retry of ${key} is a ${executed.kind}, and the log has it as version ${version}`)
      }
      const { version: seen } = this.#outcomes(node).of(key) ?? {}
      if (seen !== undefined && seen !== version) throw new CheckFailed("P2", `${key} was seen as version ${seen}, and is version ${version}`)
      if (executed.kind !== "replay") continue
      const record = reader.record(executed.version)
      if (record !== undefined && sameDigest(record.digest, this.#digestOfReplay({ key, transaction, executed }, executed.version, executed.results, reader))) continue
      throw new CheckFailed("P3", `a retry of ${key} names version ${executed.version}`)
    }
  }
}
