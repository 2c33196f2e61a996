// The check of a large collection against a definition that shall be: made in turns before the transaction queues, so that
// writes go on meanwhile, and completed inside of it with what was written since. Keeps a digest of each unique value, not the value.
import { bounds } from "../bounds.ts"
import { digestOf } from "../protocol/digest.ts"
import { type Refusal, refuse } from "../refusal.ts"
import { rowDeleted, rowText } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { nullValue } from "../store/term-value.ts"
import { Turns } from "../store/turns.ts"
import type { Definition } from "./definition.ts"
import { fieldValue } from "./document-terms.ts"
import { existingIssue, type Offender } from "./existing-value.ts"
import type { JsonObject } from "./fields.ts"
import { ownValue } from "./own-value.ts"
import type { IsThere } from "./place-issues.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"

export const offendersMax = 10

export class ExistingCheck {
  offenders: readonly Offender[] = []
  /** As of this version everything was looked at, unless ten were found before the end. */
  version = 0
  #stopped = false
  readonly #definition: Definition
  /** Per unique field, who has a value with this digest. */
  readonly #holders = new Map<string, Map<string, string>>()

  constructor(definition: Definition) {
    this.#definition = definition
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
    const { name, fields } = this.#definition
    const targets = new Set(Object.values(fields ?? {}).flatMap(({ to }) => (to === undefined ? [] : [to])))
    // Retention may have taken away what was being looked at, and records of what came since.
    const oldest = Math.max(view.past.oldestRecord, ...[name, ...targets].map((collection) => view.past.oldest(collection)))
    if (this.version < oldest) return tryAgain(name)
    for (const target of targets) {
      if (view.writtenHere(target).some((id) => view.versionOf(target, id) === undefined)) return deletesBeside(name, target)
    }
    const changed = new Set<string>(view.writtenHere(name))
    for (let version = this.version + 1; version < view.version; version++) {
      const writes = view.past.writes(version)
      // Forgotten since.
      if (writes === undefined) return tryAgain(name)
      for (const { collection, id, row } of writes) {
        if (collection === name) changed.add(id)
        // What was looked at may reference it.
        if (targets.has(collection) && rowDeleted(row)) return tryAgain(name)
      }
    }
    // All of them let go of their values before one takes one: they may have been passed on.
    for (const holders of this.#holders.values()) for (const [digest, holder] of holders) if (changed.has(holder)) holders.delete(digest)
    this.offenders = this.offenders.filter(({ id }) => !changed.has(id))
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
