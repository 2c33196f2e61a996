// What sessions and the public may do with documents: what stands before and after each document operation that has no API key.
// Whatever may not be done to a document is answered as for one that is not there, whether it is or not.
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { rowDeleted, rowText } from "../store/row.ts"
import { isWithin, type Owned, type Reach } from "./access.ts"
import { denied } from "./denied.ts"
import { collectionMissing, documentMissing } from "./document.ts"
import type { JsonObject } from "./fields.ts"
import { escapePointer } from "./json-rules.ts"
import type { Result } from "./operation.ts"
import { reachIn } from "./rules.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"

type Run<Data> = (data: Data) => Result | Refusal

interface Named {
  readonly collection: string
  readonly id: string
}

interface Whole {
  readonly collection: string
  readonly id?: string | undefined
  readonly value: JsonObject
}

/** The owner is who asks; where none is named it is filled in. */
export function creating<Data extends Whole>(data: Data, view: TransactionView, run: Run<Data>): Result | Refusal {
  const { collection } = data
  const reach = reachIn(view, collection, "create")
  if (reach === "none") return denied(view, collectionMissing(collection))
  const owned = withOwner(data, reach)
  return isRefusal(owned) ? owned : run(owned)
}

export function putting<Data extends Whole>(data: Data, view: TransactionView, run: Run<Data>): Result | Refusal {
  const { collection, id } = data
  if (id === undefined || view.versionOf(collection, id) === undefined) return creating(data, view, run)
  const owned = withOwner(data, reachIn(view, collection, "update"))
  // Asked for before what is wrong with the value: that would tell that there is one.
  return updating({ ...data, id }, view, () => (isRefusal(owned) ? owned : run(owned)), "/value")
}

/** Before and after it must be within reach. `pointer` is to where the data names the fields. */
export function updating<Data extends Named>(data: Data, view: TransactionView, run: Run<Data>, pointer: string): Result | Refusal {
  const { collection, id } = data
  const reach = reachIn(view, collection, "update")
  if (!isSeen(view, data) || !isHere(view, data, reach)) return notFor(view, data)
  const result = run(data)
  if (isRefusal(result) || isHere(view, { collection, id }, reach)) return result
  return notOwn((reach as Owned).field, pointer)
}

export function deleting<Data extends Named>(data: Data, view: TransactionView, run: Run<Data>): Result | Refusal {
  return isHere(view, data, reachIn(view, data.collection, "delete")) ? run(data) : notFor(view, data)
}

/** What it undoes is what must be allowed: a change, a deletion or the making of the document. */
export function reverting<Data extends Named>(data: Data, view: TransactionView, run: Run<Data>): Result | Refusal {
  const { collection, id } = data
  const [create, update, remove] = (["create", "update", "delete"] as const).map((action) => reachIn(view, collection, action)) as [Reach, Reach, Reach]
  const before = view.find(collection, id)
  const former = before ?? lastOf(view, data)
  if (former === undefined || !isWithin(reachIn(view, collection, "read"), collection, former)) return notFor(view, data)
  if (before === undefined ? create === "none" : update === "none" && remove === "none") return notFor(view, data)
  const result = run({ ...data, collection, id })
  if (isRefusal(result)) return result
  const after = view.find(collection, id)
  const within = (reach: Reach, body: EntityBody | undefined) => body === undefined || isWithin(reach, collection, body)
  const allowed = before === undefined ? within(create, after) : after === undefined ? within(remove, before) : within(update, before) && within(update, after)
  return allowed ? result : notFor(view, data)
}

/** What a document that is gone was at last. */
function lastOf(view: TransactionView, { collection, id }: Named): EntityBody | undefined {
  const changed = view.factsOf(collection, id)?.changed
  const row = changed === undefined ? undefined : view.past.row(collection, id, changed - 1)
  return row === undefined || rowDeleted(row) ? undefined : (JSON.parse(rowText(row)) as EntityBody)
}

function isSeen(view: TransactionView, named: Named): boolean {
  return isHere(view, named, reachIn(view, named.collection, "read"))
}

function isHere(view: TransactionView, { collection, id }: Named, reach: Reach): boolean {
  const body = reach === "none" ? undefined : view.find(collection, id)
  return body !== undefined && isWithin(reach, collection, body)
}

/** A collection of which nothing may be seen is not there either. */
function notFor(view: TransactionView, { collection, id }: Named): Refusal {
  const isHidden = view.versionOf("collections", collection) === undefined || reachIn(view, collection, "read") === "none"
  return denied(view, isHidden ? collectionMissing(collection) : documentMissing(collection, id))
}

function withOwner<Data extends Whole>(data: Data, reach: Reach): Data | Refusal {
  if (typeof reach === "string") return data
  const { field, userId } = reach
  if (!Object.hasOwn(data.value, field)) return { ...data, value: { ...data.value, [field]: userId } }
  return data.value[field] === userId ? data : notOwn(field, "/value")
}

function notOwn(field: string, pointer: string): Refusal {
  const at = `${pointer}/${escapePointer(field)}`
  const message = "must be the user who asks"
  return refuse("invalid", `\`${field}\` ${message}.`, { pointer: at, issues: [{ pointer: at, code: "owner", message }] })
}
