// A definition takes effect: for what is in the collection, which must be what it asks for and gets the terms of new indexes, and
// then for what comes. Used by whatever writes definitions.
import { bounds } from "../bounds.ts"
import { type Refusal, refuse } from "../refusal.ts"
import { type Term, textTerm } from "../store/row.ts"
import type { Access } from "./access.ts"
import { type Definition, definitionIn, type Fields, type Index, type Indexes, isIndexed, referencedBy } from "./definition.ts"
import { documentTerms } from "./document-terms.ts"
import { ExistingCheck, offendersMax } from "./existing-check.ts"
import { ownValue } from "./own-value.ts"
import { referencesTerm } from "./referrers.ts"
import type { Beginning, TransactionView } from "./transaction-view.ts"
import { isWidening } from "./widening.ts"
import { writeOwnValue } from "./write-own-value.ts"

export interface Defining {
  readonly name: string
  readonly fields: Fields | null
  readonly access: Access
}

/** `checked` is what was found out of a large collection before the transaction queued. */
export function define(view: TransactionView, { name, fields, access }: Defining, checked?: ExistingCheck, began?: Beginning): Refusal | undefined {
  const before = definitionIn(view, name)
  const indexes = indexesOf(fields, before, view.version)
  const definition: Definition = { name, fields, access, indexes }
  const fits = isWidening(before?.fields ?? null, fields)
  if (fits && !isBuilding(indexes)) {
    putDefinition(view, definition, began)
    return undefined
  }
  // A collection that is small enough is looked through here and now.
  const few = view.idsWhereFew(name, { count: bounds.inlineDocumentsMax, bytes: bounds.inlineBytesMax, deleted: "few" })
  view.lookedThrough += few?.length ?? 0
  if (view.lookedThrough > bounds.lookedThroughMax) return tooManyLookedThrough()
  const refused = fits ? undefined : whyNotFit(view, definition, few, checked)
  if (refused !== undefined) return refused
  putDefinition(view, { ...definition, indexes: few === undefined ? indexes : allReady(indexes) }, began)
  // What this transaction wrote may have terms of an index that it began and that was another then: of the same name.
  for (const id of few ?? view.writtenHere(name)) fillTerms(view, definition, id)
  return undefined
}

export function putDefinition(view: TransactionView, { name, fields, access, indexes }: Definition, began?: Beginning): void {
  const terms = [...referencedBy(fields)].map(referencesTerm)
  view.put("collections", name, { name, fields, access, indexes }, isBuilding(indexes) ? [...terms, buildingTerm] : terms, began)
}

/** Carried by definitions with an index that is not ready. */
export const buildingTerm: Term = textTerm("indexes", "building", false)

function isBuilding(indexes: Indexes): boolean {
  return Object.values(indexes).some(({ state }) => state === "building")
}

/**
 * Gives an entity the terms that it lacks, which makes no version of it. Those of indexes that are no more stay in its row until it
 * is written; where a row can carry no more of them, it is written as it is.
 */
export function fillTerms(view: TransactionView, definition: Definition, id: string): void {
  const body = view.find(definition.name, id)
  if (body === undefined) return
  const value = ownValue(definition.name, body)
  if (!view.fill(definition.name, id, documentTerms(definition, value, body))) writeOwnValue(view, definition, id, value)
}

/** An index that stays the same stays; one that is new begins without any entry. */
function indexesOf(fields: Fields | null, before: Definition | undefined, version: number): Indexes {
  const indexes: Record<string, Index> = {}
  for (const [name, field] of Object.entries(fields ?? {})) {
    if (!isIndexed(field)) continue
    const unique = field.unique === true
    const same = before?.indexes[name]
    const stays = same !== undefined && same.unique === unique && before?.fields?.[name]?.type === field.type
    indexes[name] = stays ? same : { term: `${name}@${version}`, unique, state: "building" }
  }
  return indexes
}

function allReady(indexes: Indexes): Indexes {
  return Object.fromEntries(Object.entries(indexes).map(([name, index]) => [name, { ...index, state: "ready" }]))
}

function whyNotFit(view: TransactionView, definition: Definition, few: readonly string[] | undefined, checked: ExistingCheck | undefined): Refusal | undefined {
  const { name } = definition
  let check = checked
  if (few !== undefined) {
    check = new ExistingCheck(definition)
    for (const id of few) check.take(id, ownValue(name, view.find(name, id)), (collection, target) => view.versionOf(collection, target) !== undefined)
  } else {
    if (check?.isOf(definition) !== true) return unchecked(name)
    const refused = check.since(view)
    if (refused !== undefined) return refused
  }
  return check.offenders.length === 0 ? undefined : inTheWay(name, check)
}

function tooManyLookedThrough(): Refusal {
  return refuse("conflict", `The definitions of one transaction look through at most ${bounds.lookedThroughMax} documents.`, {
    pointer: "",
    hint: "Define collections in transactions of their own, and each once.",
  })
}

function inTheWay(name: string, { offenders }: ExistingCheck): Refusal {
  const named = offenders.map(({ id, message }) => `\`${id}\`: ${message}`).join("; ")
  return refuse("conflict", `What is in \`${name}\` already is not what the definition asks for${offenders.length < offendersMax ? "" : "; the first ten"}: ${named}.`, {
    pointer: "/fields",
    hint: "Change those first, or define less.",
  })
}

function unchecked(name: string): Refusal {
  return refuse("unavailable", `\`${name}\` has grown while it was looked at; nothing was changed.`, {
    retryAfter: 1,
    hint: "A large collection is looked through before its definition is narrowed, for which collection.define has to stand in a transaction that says all of it without $ref.",
  })
}
