// A value on its way into a collection: checked against the definition, and against the state for what the definition says about
// other entities, unique fields and references. Writes nothing.
import { type Refusal, refuse } from "../refusal.ts"
import type { Term } from "../store/row.ts"
import { nullValue } from "../store/term-value.ts"
import type { Definition } from "./definition.ts"
import { fieldValue } from "./document-terms.ts"
import { checkValue } from "./document-value.ts"
import type { JsonObject } from "./fields.ts"
import { ownValue } from "./own-value.ts"
import { type IsThere, placeIssues } from "./place-issues.ts"
import { quoted } from "./quoted.ts"
import type { TransactionView } from "./transaction-view.ts"

/** The value as it is kept. `id` is the entity that gets it; `pointer` is where it stands in the operation's data. */
export function definedValue(view: TransactionView, definition: Definition, id: string, value: JsonObject, pointer: string, coming?: ReadonlySet<string>): { readonly value: JsonObject } | Refusal {
  if (definition.fields === null) return { value }
  const checked = checkValue(definition, value, pointer)
  const kept = "value" in checked ? checked.value : value
  const isThere: IsThere = (to, target) => view.versionOf(to, target) !== undefined || coming?.has(`${to}/${target}`) === true
  // Of what is invalid by itself, too: everything that is wrong is said at once.
  const issues = [...("issues" in checked ? checked.issues : []), ...placeIssues(definition, id, kept, pointer, isThere)]
  const [first] = issues
  if (first !== undefined) {
    return refuse("invalid", `The value is not what the collection \`${definition.name}\` asks for: ${quoted(first.pointer)} ${first.message}.`, { pointer: first.pointer, issues })
  }
  return whyNotUnique(view, definition, id, kept, pointer) ?? { value: kept }
}

function whyNotUnique(view: TransactionView, { name: collection, fields, indexes }: Definition, id: string, value: JsonObject, pointer: string): Refusal | undefined {
  for (const name in indexes) {
    const index = indexes[name]
    const field = fields?.[name]
    if (index?.unique !== true || field === undefined) continue
    const bytes = fieldValue(field, value[name])
    if (bytes === nullValue) continue
    const term: Term = { field: index.term, value: bytes, unique: true }
    const at = { pointer: `${pointer}/${name}` }
    const holder = view.holder(collection, term)
    if (holder !== undefined && holder !== id) return refuse("unique", `Another entity of \`${collection}\` has this \`${name}\`.`, at)
    // Who else has it is not known before every document is in the index.
    if (holder === undefined && index.state === "building" && !hadBefore(view, collection, id, name, value[name])) {
      return refuse("unavailable", `The unique index of \`${collection}\` on \`${name}\` is being built; until then no document gets a new value there.`, { ...at, retryAfter: 5 })
    }
  }
  return undefined
}

function hadBefore(view: TransactionView, collection: string, id: string, name: string, value: unknown): boolean {
  return ownValue(collection, view.find(collection, id))[name] === value
}
