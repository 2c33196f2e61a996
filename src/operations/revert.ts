// revert: undoes one version, or takes one entity back to what it was as of a version. History only grows: what comes
// back is a new version. Never brings back what is hidden: passwords, keys, sessions.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import type { Write } from "../protocol/record.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { rowDeleted, rowFacts, rowText } from "../store/row.ts"
import { changeShape } from "./change-shape.ts"
import { denied } from "./denied.ts"
import { reverting } from "./document-access.ts"
import { documentExample, rewrittenExample } from "./document-shape.ts"
import { collectionNameField, idField } from "./fields.ts"
import { bringBack, type FormerState } from "./former-state.ts"
import { hiddenCollections } from "./hidden-collections.ts"
import { operation } from "./operation.ts"
import { allows } from "./scope.ts"
import type { EntityBody, TransactionView } from "./transaction-view.ts"
import { trimmed } from "./trimmed.ts"

const versionField = (least: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(least))
const entityFields = ["collection", "id", "to"] as const

const schema = v.pipe(
  v.strictObject({
    version: v.optional(versionField(1)),
    collection: v.optional(v.union([v.literal("users"), collectionNameField], "must be the name of a collection, or `users`")),
    id: v.optional(idField),
    /** 0 is before everything. */
    to: v.optional(versionField(0)),
    force: v.optional(v.boolean()),
  }),
  v.description("Either `version`, which is undone; or `collection`, `id` and `to`, the version that the entity goes back to."),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { value } = dataset
    const say = (key: keyof typeof value, message: string) =>
      addIssue({ message, path: [{ type: "object", origin: "value", input: value, key, value: value[key] }] })
    const given = entityFields.filter((field) => value[field] !== undefined)
    if (value.version !== undefined) for (const field of given) say(field, "cannot go with `version`")
    else if (given.length === 0) say("version", "is missing")
    else for (const field of entityFields) if (!given.includes(field)) say(field, "is missing")
  }),
)
type Data = v.InferOutput<typeof schema>

export const revert = operation<Data>({
  name: "revert",
  summary: "Undoes one version, or takes one entity back to what it was as of a version. What comes back is a new version.",
  scope: "write",
  schema,
  result: v.array(changeShape),
  example: { data: { version: 3 }, result: [{ collection: "goals", id: "g1", change: "updated", value: rewrittenExample(documentExample.value) }] },
  target: ({ collection, id }) => (collection === undefined || id === undefined ? undefined : { collection, id }),
  forUsers: ({ collection, id, ...more }, view, run) => {
    if (collection === undefined || collection === "users" || id === undefined) return denied(view, forServers)
    return reverting({ collection, id, ...more }, view, run)
  },
  run: ({ version, collection = "", id = "", to = 0, force = false }, view) => {
    const states = version === undefined ? statesOfEntity(view, collection, id, to, force) : statesBefore(view, version, force)
    if (isRefusal(states)) return states
    const changes = bringBack(view, states)
    return isRefusal(changes) ? changes : { kind: "value", value: changes }
  },
})

const forServers = refuse("forbidden", "A session takes back single documents only: versions and users are for API keys.")

/** What the entities that a version changed were before it. */
function statesBefore(view: TransactionView, version: number, force: boolean): FormerState[] | Refusal {
  const { oldestRecord } = view.past
  if (version - 1 < oldestRecord) return trimmed(version - 1, oldestRecord, { pointer: "/version" })
  const writes = view.past.writes(version)
  if (writes === undefined || !view.past.reaches(version - 1)) return versionMissing(view, version, "/version")
  const shown = writes.filter(({ collection }) => !hiddenCollections.has(collection))
  const oldest = Math.max(0, ...shown.map(({ collection }) => view.past.oldest(collection)))
  if (version - 1 < oldest) return trimmed(version - 1, oldest, { pointer: "/version" })
  const refused = whyNotAll(view, version, writes, shown)
  if (refused !== undefined) return refused
  const states: FormerState[] = []
  const later: string[] = []
  let bytes = 0
  for (const { collection, id } of shown) {
    const row = view.past.row(collection, id, version - 1)
    bytes += (row?.length ?? 0) + view.text(collection, id).length
    if (bytes > bounds.revertBytesMax) return tooLarge(version)
    const changed = view.factsOf(collection, id)?.changed
    if (!force && changed !== undefined && changed !== version) later.push(`\`${collection}/${id}\` at version ${changed}`)
    if (later.length > namedMax) break
    states.push({ collection, id, body: bodyOf(row) })
  }
  return later.length === 0 ? states : changedLater(version, later)
}

function whyNotAll(view: TransactionView, version: number, writes: readonly Write[], shown: readonly Write[]): Refusal | undefined {
  const pointer = "/version"
  if (shown.length === 0 && writes.length > 0) {
    return refuse("conflict", `Version ${version} changed only what is never shown, such as passwords, keys and sessions, and a revert never brings that back.`, { pointer })
  }
  if (shown.some(({ collection }) => collection === "collections") && !allows(view.principal, "admin")) {
    return refuse("forbidden", `Version ${version} changed the definition of a collection; to revert it needs the scope admin, which this key does not have.`, { pointer })
  }
  view.reverted += writes.length
  if (view.reverted <= bounds.revertEntitiesMax) return undefined
  return refuse("conflict", `A transaction reverts at most ${bounds.revertEntitiesMax} entities, and version ${version} is beyond that.`, { pointer, hint: oneByOne })
}

function tooLarge(version: number): Refusal {
  return refuse("too-large", `What version ${version} changed was, and is, more than ${bounds.revertBytesMax} bytes.`, { pointer: "/version", hint: oneByOne })
}

const oneByOne = "Take them back one by one, by `collection`, `id` and `to`."

function changedLater(version: number, later: readonly string[]): Refusal {
  const more = later.length > namedMax ? " and more" : ""
  return refuse("conflict", `What version ${version} changed has changed since: ${later.slice(0, namedMax).join(", ")}${more}.`, {
    pointer: "/version",
    hint: "With `force` it is taken back all the same, and what came later with it.",
  })
}

const namedMax = 10

/** Without `force`, one change is taken back, the newest: whoever asks for more must say that they know of them. */
function statesOfEntity(view: TransactionView, collection: string, id: string, to: number, force: boolean): FormerState[] | Refusal {
  const oldest = view.past.oldest(collection)
  if (to < oldest) return trimmed(to, oldest, { pointer: "/to" })
  if (to >= view.version || !view.past.reaches(to)) return versionMissing(view, to, "/to")
  const now = view.factsOf(collection, id)
  if (now === undefined) return refuse("entity-missing", `There never was a \`${id}\` in \`${collection}\`.`, { pointer: "/id" })
  const then = view.past.row(collection, id, to)
  const between = now.changes - (then === undefined ? view.past.changesBefore(collection, id, to) : rowFacts(then).changes)
  if (between === 0) return []
  if (between > 1 && !force) {
    return refuse("conflict", `\`${collection}/${id}\` has changed ${between} times since version ${to}, at last at version ${now.changed}.`, {
      pointer: "/to",
      version: now.changed,
      hint: "With `force` all of them are taken back.",
    })
  }
  return [{ collection, id, body: bodyOf(then) }]
}

function bodyOf(row: Uint8Array | undefined): EntityBody | undefined {
  return row === undefined || rowDeleted(row) ? undefined : (JSON.parse(rowText(row)) as EntityBody)
}

function versionMissing(view: TransactionView, version: number, pointer: string): Refusal {
  return refuse("entity-missing", `There is no version ${version}; the newest is ${view.version - 1}.`, { pointer, version: view.version - 1 })
}
