// Operations over the real store code in memory: one call runs one batch, prepares and commits it. Must never be used
// outside of tests.
import { BatchRun, type Executed } from "../../src/operations/batch-run.ts"
import { type EnvelopeOptions, parseTransaction } from "../../src/operations/envelope.ts"
import { parseJson } from "../../src/operations/json-rules.ts"
import type { Passwords } from "../../src/operations/passwords.ts"
import type { Principal, Scope } from "../../src/operations/scope.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { verifyPassword } from "../../src/operations/verify-password.ts"
import { openRecord, type Record } from "../../src/protocol/record.ts"
import { isRefusal, type Refusal } from "../../src/refusal.ts"
import { rowDeleted, rowText } from "../../src/store/row.ts"
import { TableStore } from "../../src/store/table-store.ts"
import type { Engine } from "../../src/store/tables.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"

export const root: Principal = { name: "root", scopes: ["admin"] }

export function keyWith(...scopes: Scope[]): Principal {
  return { name: `key:${scopes.join("-")}`, scopes }
}

export interface Json {
  readonly [field: string]: unknown
}

export interface Operation {
  readonly op: string
  readonly data?: unknown
  readonly as?: string
  readonly if?: unknown
}

export type Options = Partial<EnvelopeOptions>

export class Harness {
  readonly store: TableStore
  nowMs = Date.parse("2026-03-01T12:00:00.000Z")
  /** Passwords and salts that were to be hashed, in order. */
  readonly hashed: { readonly password: string; readonly salt: Uint8Array }[] = []
  /** No two passwords of one length are told apart. */
  readonly passwords: Passwords & { isOutdated: (phc: string) => boolean } = {
    isOutdated: () => false,
    hash: async (password, salt) => `hash of ${Buffer.from(salt).toString("hex")} ${password.length}`,
    verify: async (password, phc) => phc.startsWith("hash of ") && phc.endsWith(` ${password.length}`),
  }
  readonly #memory = new MemoryEngine()

  constructor(engine?: Engine) {
    this.store = new TableStore(engine ?? this.#memory, { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } })
  }

  /** Everything on the disk, as hexadecimal text; empty where the engine is not the one in memory. */
  disk(): string {
    return this.#memory.dump()
  }

  /** From JSON to a transaction for the writer, as a request goes. */
  async parse(value: unknown, options: Options = {}): Promise<SubmittedTransaction | Refusal> {
    const json = parseJson(JSON.stringify(value))
    if (isRefusal(json)) return json
    return parseTransaction(json.value, {
      principal: root,
      reader: this.store,
      allowTimes: options.line === true,
      hashPassword: async (password, salt) => {
        this.hashed.push({ password, salt })
        return this.passwords.hash(password, salt)
      },
      verifyLogin: (credentials) => verifyPassword(this.store, this.store.position().committed, credentials, this.passwords),
      ...options,
    })
  }

  /** Runs transactions as one batch. */
  async batch(values: readonly unknown[], options: Options = {}): Promise<Executed[]> {
    const submitted: SubmittedTransaction[] = []
    for (const value of values) {
      const one = await this.parse(value, options)
      if (isRefusal(one)) throw new Error(`refused before the batch: ${one.detail}`)
      submitted.push(one)
    }
    return this.execute(submitted)
  }

  async execute(submitted: readonly SubmittedTransaction[]): Promise<Executed[]> {
    const run = new BatchRun({ reader: this.store, epoch: 1, nowMs: this.nowMs })
    const executed = submitted.map((transaction) => run.execute(transaction))
    if (run.records.length > 0) {
      const refused = await this.store.prepare({ records: run.records, committed: this.store.position().head })
      if (refused !== undefined) throw new Error(`the store refused a batch: ${refused.detail}`)
      this.store.commit(this.store.position().head)
    }
    return executed
  }

  async run(value: unknown, options: Options = {}): Promise<Executed> {
    const submitted = await this.parse(value, options)
    if (isRefusal(submitted)) return { kind: "refused", refusal: submitted }
    const [executed] = await this.execute([submitted])
    if (executed === undefined) throw new Error("nothing was run")
    return executed
  }

  /** The results of one transaction that must commit. */
  async commit(...operations: readonly Operation[]): Promise<Json[]> {
    const executed = await this.run({ operations })
    if (executed.kind !== "record") throw new Error(`not committed: ${JSON.stringify(executed)}`)
    return JSON.parse(executed.results) as Json[]
  }

  /** Why a transaction is refused; fails where it is not, or where it leaves a trace. */
  async refusal(value: unknown, options: Options = {}): Promise<Refusal> {
    const before = this.disk()
    const executed = await this.run(value, options)
    if (executed.kind !== "refused") throw new Error(`not refused: ${JSON.stringify(executed)}`)
    if (this.disk() !== before) throw new Error("a refused transaction left a trace")
    return executed.refusal
  }

  /** Why one operation is refused. */
  refusalOf(op: string, data: unknown, more: Partial<Operation> = {}): Promise<Refusal> {
    return this.refusal({ operations: [{ op, data, ...more }] })
  }

  /** A live entity as a read answers it, as of `at`. */
  get(collection: string, id: string, at = this.store.position().committed): Json | undefined {
    const row = this.store.row(collection, id, at)
    return row === undefined || rowDeleted(row) ? undefined : (JSON.parse(rowText(row)) as Json)
  }

  record(version = this.store.position().head): Record {
    const sealed = this.store.record(version)
    if (sealed === undefined) throw new Error(`there is no record ${version}`)
    return openRecord(sealed.bytes)
  }
}

/** What a client is told: the results of a committed, replayed or dry transaction. */
export function resultsOf(executed: Executed | undefined): Json[] {
  if (executed === undefined || executed.kind === "refused") throw new Error(`no results: ${JSON.stringify(executed)}`)
  return JSON.parse(executed.results) as Json[]
}

/** Each issue as `pointer code`. */
export function issuesOf(refusal: Refusal): string[] {
  return (refusal.issues ?? []).map(({ pointer, code }) => `${pointer} ${code}`)
}
