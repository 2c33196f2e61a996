// The check of a large collection against a definition that shall be: made in turns before the transaction queues, so that
// writes go on meanwhile, and completed inside of it with what was written since. Keeps a digest of each unique value, not the value.
import { bounds } from "../bounds.ts"
import { digestOf } from "../protocol/digest.ts"
import { openWrites, type Write } from "../protocol/record.ts"
import { type Refusal, refuse } from "../refusal.ts"
import { oldestOf } from "../store/horizon.ts"
import { rowDeleted, rowFill, rowText } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { nullValue } from "../store/term-value.ts"
import { Turns } from "../store/turns.ts"
import { type Definition, referencedBy } from "./definition.ts"
import { fieldValue } from "./document-terms.ts"
import { existingIssue, type Offender } from "./existing-value.ts"
import type { JsonObject } from "./fields.ts"
import { ownValue } from "./own-value.ts"
import type { IsThere } from "./place-issues.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"

export const offendersMax = 10
/** Each round has what was written during the one before it, and so mostly less to do. */
const followRoundsMax = 20

export class ExistingCheck {
  offenders: readonly Offender[] = []
  /** As of this version everything was looked at, unless ten were found before the end. */
  version = 0
  #stopped = false
  readonly #definition: Definition
  /** Per unique field, who has a value with this digest. */
  readonly #holders = new Map<string, Map<string, string>>()
  /** The collections that it references. */
  readonly #targets: ReadonlySet<string>

  constructor(definition: Definition) {
    this.#definition = definition
    this.#targets = referencedBy(definition.fields)
    for (const [name, field] of Object.entries(definition.fields ?? {})) if (field.unique === true) this.#holders.set(name, new Map())
  }

  /** What a record keeps of it. */
  toJSON(): object {
    return { checked: this.version }
  }

  /** Whether it was made for what this definition says of fields. */
  isOf({ name, fields }: Definition): boolean {
    return this.#definition.name === name && JSON.stringify(this.#definition.fields) === JSON.stringify(fields)
  }

  /** Looks at every entity as of `version`, until ten are found that stand in the way. */
  async all(reader: Reader, version: number): Promise<void> {
    const turns = new Turns()
    const isThere = (collection: string, id: string) => isLive(reader.row(collection, id, version))
    let after: string | undefined
    do {
      const page = reader.page(this.#definition.name, { at: version, after, limit: bounds.fillDocumentsMax })
      for (const { id, row } of page.rows) this.take(id, ownValue(this.#definition.name, JSON.parse(rowText(row)) as EntityBody), isThere)
      after = page.next
      await turns.end()
    } while (after !== undefined && this.offenders.length < offendersMax)
    this.version = version
    this.#stopped = after !== undefined
  }

  /** Looks again at what others write meanwhile, in turns, until little of it is left for the transaction. */
  async follow(reader: Reader, committed: () => number): Promise<void> {
    for (let rounds = 0; rounds < followRoundsMax && this.offenders.length === 0 && committed() - this.version > bounds.recheckRecordsMax / 20; rounds++) {
      if (!(await this.#followTo(reader, committed()))) return
    }
  }

  /** False where it cannot tell: the transaction will say so. */
  async #followTo(reader: Reader, to: number): Promise<boolean> {
    // Retention may have taken away what was being looked at.
    const horizon = reader.horizon()
    if ([this.#definition.name, ...this.#targets].some((collection) => oldestOf(horizon, collection) > this.version)) return false
    const turns = new Turns()
    const changed = new Set<string>()
    for (let version = this.version + 1; version <= to; version++) {
      const record = reader.record(version)
      if (record === undefined || !this.#note(openWrites(record.bytes).writes, changed)) return false
      if (turns.spent(record.bytes.length)) await turns.end()
    }
    this.#letGo(changed)
    const { name } = this.#definition
    const isThere = (collection: string, id: string) => isLive(reader.row(collection, id, to))
    for (const id of changed) {
      const row = reader.row(name, id, to)
      if (row !== undefined && !rowDeleted(row)) this.take(id, ownValue(name, JSON.parse(rowText(row)) as EntityBody), isThere)
      if (turns.spent(row?.length ?? 0)) await turns.end()
    }
    this.version = to
    return true
  }

  /** Notes which entities of the collection were written; false where one went that they may reference. */
  #note(writes: readonly Write[], changed: Set<string>): boolean {
    for (const { collection, id, row } of writes) {
      if (rowFill(row)) continue
      if (collection === this.#definition.name) changed.add(id)
      if (this.#targets.has(collection) && rowDeleted(row)) return false
    }
    return true
  }

  /** All of them let go of their values before one takes one: they may have been passed on. */
  #letGo(changed: ReadonlySet<string>): void {
    for (const holders of this.#holders.values()) for (const [digest, holder] of holders) if (changed.has(holder)) holders.delete(digest)
    this.offenders = this.offenders.filter(({ id }) => !changed.has(id))
  }

  take(id: string, value: JsonObject, isThere: IsThere): void {
    if (this.offenders.length >= offendersMax) return
    const message = existingIssue(this.#definition, id, value, isThere) ?? this.#whyNotUnique(id, value)
    if (message !== undefined) this.offenders = [...this.offenders, { id, message }]
  }

  #whyNotUnique(id: string, value: JsonObject): string | undefined {
    for (const [name, holders] of this.#holders) {
      const digest = this.#digest(name, value)
      if (digest === undefined) continue
      const holder = holders.get(digest)
      if (holder !== undefined && holder !== id) return `\`${name}\` has the value that \`${holder}\` has`
      holders.set(digest, id)
    }
    return undefined
  }

  #digest(name: string, value: JsonObject): string | undefined {
    const field = this.#definition.fields?.[name]
    const bytes = field === undefined ? nullValue : fieldValue(field, value[name])
    return bytes === nullValue ? undefined : Buffer.from(digestOf(bytes)).toString("latin1", 0, 12)
  }

  /** What was written after `version`, the transaction's own writes included. Refuses where it cannot tell. */
  since(view: TransactionView): Refusal | undefined {
    if (view.version - this.version > bounds.recheckRecordsMax) return tryAgain(this.#definition.name)
    const { name } = this.#definition
    const targets = this.#targets
    // Retention may have taken away what was being looked at, and records of what came since.
    const oldest = Math.max(view.past.oldestRecord, ...[name, ...targets].map((collection) => view.past.oldest(collection)))
    if (this.version < oldest) return tryAgain(name)
    for (const target of targets) {
      if (view.writtenHere(target).some((id) => view.versionOf(target, id) === undefined)) return deletesBeside(name, target)
    }
    const changed = new Set<string>(view.writtenHere(name))
    for (let version = this.version + 1; version < view.version; version++) {
      const writes = view.past.writes(version)
      // Forgotten since, or what was looked at may reference what went.
      if (writes === undefined || !this.#note(writes, changed)) return tryAgain(name)
    }
    this.#letGo(changed)
    if (this.#stopped && this.offenders.length === 0) return tryAgain(name)
    const isThere = (collection: string, id: string) => view.versionOf(collection, id) !== undefined
    for (const id of changed) {
      const body = view.find(name, id)
      if (body !== undefined) this.take(id, ownValue(name, body), isThere)
    }
    return undefined
  }
}

function isLive(row: Uint8Array | undefined): boolean {
  return row !== undefined && !rowDeleted(row)
}

function deletesBeside(name: string, target: string): Refusal {
  return refuse("conflict", `What is in \`${name}\` was looked through before the transaction, which deletes from \`${target}\` what may be referenced there.`, {
    hint: "Delete in a transaction of its own.",
  })
}

function tryAgain(name: string): Refusal {
  return refuse("unavailable", `Too much was written while the documents of \`${name}\` were checked; nothing was changed.`, { retryAfter: 1 })
}
