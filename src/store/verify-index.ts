// The part of the full check that goes from index entries, idempotency keys and hard state to what explains them. That
// the entries which follow from rows and records are there is checked with those.
import { digestBytes, sameDigest } from "../protocol/digest.ts"
import { openWrites } from "../protocol/record.ts"
import type { Findings } from "./findings.ts"
import { oldestOf } from "./horizon.ts"
import { drawerBytes, textFrom, versionAtEnd, versionBytes, versionOf } from "./keys.ts"
import { rowTerms, type Term } from "./row.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { TableStore } from "./table-store.ts"
import { sameTerm } from "./term-index.ts"
import type { Turns } from "./turns.ts"
import { type Drawer, drawersOf } from "./version-fork.ts"

/** A term with its holder, or with both of its kinds where the key does not say which it is. */
interface Entry {
  readonly collection: string
  readonly id: string
  readonly terms: readonly Term[]
}

const hardStateNames = ["format", "identity", "position", "trimmed", "checkpoint"]

export class IndexCheck {
  constructor(
    private readonly store: TableStore,
    private readonly committed: number,
    private readonly findings: Findings,
  ) {}

  async run(turns: Turns): Promise<void> {
    const { index, index_history, keys, hard_state } = this.store.engine.tables
    const one = (table: string, explain: (key: Buffer, value: Buffer) => void) => (key: Buffer, value: Buffer): number => {
      this.findings.guard(`the table ${table}`, `the entry of ${key.toString("hex")} is damaged`, () => explain(key, value))
      return 3
    }
    await turns.walk(index, one("index", (key, value) => this.#current(key, value)))
    await turns.walk(index_history, one("index_history", (key, value) => this.#ended(key, value)))
    await turns.walk(keys, one("keys", (key, value) => this.#key(key, value)))
    await turns.walk(hard_state, one("hard_state", (key) => this.#hardState(key.toString("utf8"))))
  }

  #current(key: Buffer, value: Buffer): void {
    const entry = currentEntry(key, value)
    if (entry === undefined) return this.#none("index", key)
    const { collection, id, terms } = entry
    const row = this.store.rows.newest(collection, id)
    const since = versionOf(value)
    if (row === undefined || !hasOne(row, terms)) this.findings.report(`${collection}/${id}`, `the index has a ${terms[0]?.field} for it that it does not have`)
    // Where an earlier one begins is checked with the rows.
    else if (since > this.committed && !terms.some((term) => this.#begins(entry, term, since))) {
      this.findings.report(`${collection}/${id}`, `its index entry for ${terms[0]?.field} begins at version ${since}, which no row explains`)
    }
  }

  #ended(key: Buffer, value: Buffer): void {
    const entry = endedEntry(key)
    if (entry === undefined || value.length !== versionBytes) return this.#none("index_history", key)
    const { drawer } = entry
    const [since, end] = [versionAtEnd(key), versionOf(value)]
    if (since === 0 || since >= end || !drawersOf(since, end - 1).some(({ fork, reach }) => fork === drawer.fork && reach === drawer.reach)) {
      return this.findings.report(`${entry.collection}/${entry.id}`, `the index history has a ${entry.terms[0]?.field} for it from version ${since} to ${end}, filed where no read looks for it`)
    }
    // Where a value is no longer unique, one kind ends as the other begins.
    const begins = (term: Term): boolean => since <= oldestOf(this.store.horizon(), entry.collection) || this.#begins(entry, term, since)
    if (entry.terms.some((term) => begins(term) && this.#ends(entry, term, end))) return
    this.findings.report(`${entry.collection}/${entry.id}`, `the index history has a ${entry.terms[0]?.field} for it from version ${since} to ${end} that no row explains`)
  }

  #begins(entry: Entry, term: Term, version: number): boolean {
    return this.#has(entry, term, version) && !this.#has(entry, term, version - 1)
  }

  #ends(entry: Entry, term: Term, version: number): boolean {
    return !this.#has(entry, term, version) && this.#has(entry, term, version - 1)
  }

  #has({ collection, id }: Entry, term: Term, at: number): boolean {
    const row = at < 0 ? undefined : this.store.row(collection, id, at)
    return row !== undefined && rowTerms(row).some((own) => (own.since ?? 0) <= at && sameTerm(own, term))
  }

  #key(key: Buffer, value: Buffer): void {
    if (key.length !== digestBytes || value.length !== versionBytes) return this.#none("keys", key)
    const version = versionOf(value)
    if (!this.#recordHasKey(version, key)) this.findings.report(`the idempotency key ${key.toString("hex")}`, `it is kept for version ${version}, whose record does not have it`)
  }

  /** True where the record cannot be read: that is reported with the log. */
  #recordHasKey(version: number, hash: Buffer): boolean {
    try {
      const record = this.store.record(version)
      const key = record === undefined ? undefined : openWrites(record.bytes).key
      return key !== undefined && sameDigest(key.hash, hash)
    } catch (error) {
      if (error instanceof StoreDamaged) return true
      throw error
    }
  }

  #hardState(name: string): void {
    if (!hardStateNames.includes(name)) this.findings.report("the table hard_state", `it has an unknown entry ${JSON.stringify(name)}`)
  }

  #none(table: string, key: Buffer): void {
    this.findings.report(`the table ${table}`, `the entry of ${key.toString("hex")} is none`)
  }
}

function hasOne(row: Uint8Array, terms: readonly Term[]): boolean {
  return rowTerms(row).some((has) => terms.some((term) => sameTerm(has, term)))
}

/** Where the parts of a key end. */
function ends(key: Buffer, from: number, count: number): number[] {
  const found: number[] = []
  for (let end = key.indexOf(0, from); end !== -1 && found.length < count; end = key.indexOf(0, end + 1)) found.push(end)
  return found
}

/** Its key ends with the value of a unique term, or with the holder's id. */
function currentEntry(key: Buffer, value: Buffer): Entry | undefined {
  const [collectionEnd = 0, fieldEnd = 0, valueEnd = 0, idEnd] = ends(key, 0, 4)
  if ((idEnd ?? valueEnd) !== key.length - 1) return undefined
  if (idEnd === undefined ? value.length <= versionBytes : value.length !== versionBytes) return undefined
  return {
    collection: key.toString("utf8", 0, collectionEnd),
    id: idEnd === undefined ? textFrom(value, versionBytes) : key.toString("utf8", valueEnd + 1, idEnd),
    terms: [{ field: key.toString("utf8", collectionEnd + 1, fieldEnd), value: key.subarray(fieldEnd + 1, valueEnd), unique: idEnd === undefined }],
  }
}

function endedEntry(key: Buffer): (Entry & { readonly drawer: Drawer }) | undefined {
  const [collectionEnd = 0, fieldEnd = 0] = ends(key, 0, 2)
  const valueStart = fieldEnd + 1 + drawerBytes
  const [valueEnd = 0, idEnd] = ends(key, valueStart, 2)
  if (fieldEnd === 0 || idEnd === undefined || idEnd + 1 + versionBytes !== key.length) return undefined
  const [field, value] = [key.toString("utf8", collectionEnd + 1, fieldEnd), key.subarray(valueStart, valueEnd)]
  return {
    collection: key.toString("utf8", 0, collectionEnd),
    id: key.toString("utf8", valueEnd + 1, idEnd),
    terms: [true, false].map((unique) => ({ field, value, unique })),
    drawer: { fork: versionOf(key.subarray(fieldEnd + 1)), reach: key[valueStart - 1] ?? 0 },
  }
}
