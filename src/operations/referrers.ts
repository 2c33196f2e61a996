// What references an entity that is about to go: `restrict` keeps it, `cascade` goes with it, `setNull` lets go of it. All in
// the same version. Called before anything is deleted that references may name.
import { bounds } from "../bounds.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { type Term, textTerm } from "../store/row.ts"
import { textValue } from "../store/term-value.ts"
import { type Definition, definitionIn, type Field } from "./definition.ts"
import { ownValue } from "./own-value.ts"
import { isServer } from "./scope.ts"
import type { TransactionView } from "./transaction-view.ts"
import { deleteUser } from "./user.ts"
import { writeOwnValue } from "./write-own-value.ts"

/** Carried by definitions: which collections their references name. */
export function referencesTerm(to: string): Term {
  return textTerm("to", to, false)
}

interface Entity {
  readonly collection: string
  readonly id: string
}

interface Referrer extends Entity {
  readonly definition: Definition
  readonly name: string
  readonly field: Field
}

/** Deletes an entity and what its references say; refuses where one of them keeps it. */
export function deleteReferenced(view: TransactionView, collection: string, id: string): Refusal | undefined {
  const keeping: Referrer[] = []
  const going: Entity[] = [{ collection, id }]
  for (let one = going.pop(); one !== undefined; one = going.pop()) {
    // It may have been reached on two ways, or be one of a circle.
    if (view.versionOf(one.collection, one.id) === undefined) continue
    if (one.collection === "users") deleteUser(view, one.id)
    else view.delete(one.collection, one.id)
    const referrers = referrersOf(view, one)
    if (isRefusal(referrers)) return referrers
    // The transaction is refused for it, so nothing more need be looked at.
    if (view.superseded > bounds.supersededBytesMax) return undefined
    for (const referrer of referrers) {
      const onDelete = referrer.field.onDelete ?? "restrict"
      if (onDelete === "cascade") going.push(referrer)
      else if (onDelete === "setNull") letGo(view, referrer)
      else keeping.push(referrer)
    }
  }
  // What goes itself, in the end, keeps nothing.
  const kept = keeping.filter((referrer) => view.versionOf(referrer.collection, referrer.id) !== undefined)
  return kept.length === 0 ? undefined : stillReferenced(view, `\`${collection}/${id}\``, kept)
}

/** Who still names an entity that is gone. */
export function whyLeftReferenced(view: TransactionView, collection: string, id: string): Refusal | undefined {
  const referrers = referrersOf(view, { collection, id })
  if (isRefusal(referrers)) return referrers
  return referrers.length === 0 ? undefined : stillReferenced(view, `\`${collection}/${id}\``, referrers)
}

/** The collections whose references name this one. */
export function referringCollections(view: TransactionView, collection: string): string[] {
  return view.holders("collections", referencesTerm(collection))
}

function referrersOf(view: TransactionView, { collection, id }: Entity): Referrer[] | Refusal {
  const found: Referrer[] = []
  for (const name of referringCollections(view, collection)) {
    const definition = definitionIn(view, name)
    if (definition === undefined) continue
    for (const [fieldName, field] of Object.entries(definition.fields ?? {})) {
      if (field.type !== "reference" || field.to !== collection) continue
      const index = definition.indexes[fieldName]
      if (index?.state !== "ready") {
        return refuse("unavailable", `The index of \`${name}\` on \`${fieldName}\` is being built; until then nothing is deleted that it may reference.`, { retryAfter: 5 })
      }
      const term = { field: index.term, value: textValue(id), unique: index.unique }
      const only = index.unique ? view.holder(name, term) : undefined
      const ids = index.unique ? (only === undefined ? [] : [only]) : view.holders(name, term, bounds.cascadeDocumentsMax + 1)
      view.referenced += ids.length
      if (view.referenced > bounds.cascadeDocumentsMax) return tooMany(collection, id)
      for (const holder of ids) found.push({ collection: name, id: holder, definition, name: fieldName, field })
    }
  }
  return found
}

function letGo(view: TransactionView, { collection, id, definition, name }: Referrer): void {
  writeOwnValue(view, definition, id, { ...ownValue(collection, view.find(collection, id)), [name]: null })
}

function stillReferenced({ principal }: TransactionView, what: string, referrers: readonly Referrer[]): Refusal {
  // By whom is not for who may not see it.
  if (!isServer(principal)) return refuse("conflict", `${what} is referenced.`, { pointer: "/id" })
  const named = referrers.slice(0, namedMax).map(({ collection, id, name }) => `\`${collection}/${id}\` by its \`${name}\``)
  const more = referrers.length > namedMax ? " and more" : ""
  return refuse("conflict", `${what} is referenced: ${named.join(", ")}${more}.`, { pointer: "/id", hint: "Delete or change those first, or define the reference with `onDelete` cascade or setNull." })
}

const namedMax = 10

function tooMany(collection: string, id: string): Refusal {
  return refuse("conflict", `More than ${bounds.cascadeDocumentsMax} documents reference \`${collection}/${id}\`, or what goes with it.`, { pointer: "/id", hint: "Delete some of those first." })
}
