// collection.define: makes a collection, or changes what it says; what is left out stays as it is. What is in the collection
// already must be what the new definition asks for.
import type * as v from "valibot"
import { bounds } from "../bounds.ts"
import { type Issue, type Refusal, refuse } from "../refusal.ts"
import { define, type Defining } from "./defining.ts"
import { type Definition, defaultAccess, definitionAt, definitionIn, isIndexed } from "./definition.ts"
import { definitionSchema, plainAccess, plainFields, userParameters } from "./definition-data.ts"
import { definedExample, definingExample, definitionShape } from "./definition-shape.ts"
import { ExistingCheck } from "./existing-check.ts"
import { operation, type SealContext } from "./operation.ts"
import { hasReference } from "./references.ts"
import type { TransactionView } from "./transaction-view.ts"
import { isWidening } from "./widening.ts"

type Data = v.InferOutput<typeof definitionSchema>

export const collectionDefine = operation<Data>({
  name: "collection.define",
  summary: "Makes a collection, or changes its definition; what is left out stays as it is.",
  scope: "admin",
  schema: definitionSchema,
  result: definitionShape,
  example: { data: definingExample("notes"), result: definedExample("notes", 5) },
  target: ({ name }) => ({ collection: "collections", id: name }),
  seal: async (data, context) => ({ data, sealed: hasReference(data) ? undefined : await checkAhead(data, context), repeatable: false }),
  run: (data, view, sealed) => {
    const wanted = wantedOf(data, definitionIn(view, data.name))
    const refused = whyNotSound(view, wanted) ?? define(view, wanted, sealed instanceof ExistingCheck ? sealed : undefined)
    return refused ?? { kind: "entity", collection: "collections", id: data.name }
  },
})

function wantedOf({ name, fields, access }: Data, before: Definition | undefined): Defining {
  return {
    name,
    fields: fields === undefined ? (before?.fields ?? null) : fields && plainFields(fields),
    access: plainAccess(before?.access ?? defaultAccess(name), access),
  }
}

/** A large collection is looked through before the transaction queues, so that other writes need not wait for it. */
async function checkAhead(data: Data, { reader, committed }: SealContext): Promise<ExistingCheck | undefined> {
  const version = committed()
  const before = definitionAt(reader, data.name, version)
  if (before === undefined) return undefined
  const wanted = wantedOf(data, before)
  if (isWidening(before.fields, wanted.fields) || isSmall(reader, data.name, version)) return undefined
  const check = new ExistingCheck({ ...wanted, indexes: {} })
  await check.all(reader, version)
  await check.follow(reader, committed)
  return check
}

function isSmall(reader: SealContext["reader"], name: string, version: number): boolean {
  const { rows, next } = reader.page(name, { at: version, after: undefined, limit: bounds.inlineDocumentsMax })
  let bytes = 0
  for (const { row } of rows) bytes += row.length
  // What is nearly too large may be so by the time the transaction runs.
  return next === undefined && bytes < bounds.inlineBytesMax / 2 && rows.length < bounds.inlineDocumentsMax / 2
}

/** What can only be said of the whole definition, and with the other collections in view. */
function whyNotSound(view: TransactionView, { name, fields, access }: Defining): Refusal | undefined {
  const issues: Issue[] = []
  for (const [fieldName, { to }] of Object.entries(fields ?? {})) {
    if (to === undefined || to === name || to === "users" || view.versionOf("collections", to) !== undefined) continue
    issues.push({ pointer: `/fields/${fieldName}/to`, code: "collection", message: `names no collection: there is no \`${to}\`` })
  }
  for (const [fieldName, field] of Object.entries(fields ?? {})) {
    if (name !== "users" || !isIndexed(field) || !userParameters.includes(fieldName)) continue
    issues.push({ pointer: `/fields/${fieldName}`, code: "parameter", message: `cannot have an index: \`${fieldName}\` is a parameter of lists of users` })
  }
  for (const [action, rule] of Object.entries(access)) {
    if (!rule.startsWith("owner:") || isOwner(name, fields, rule.slice("owner:".length))) continue
    issues.push({ pointer: `/access/${action}`, code: "owner", message: `must name a field that is a reference to \`users\`${name === "users" ? ", or `owner:id`" : ""}` })
  }
  const [first] = issues
  return first && refuse("invalid", `The definition is invalid: \`${first.pointer}\` ${first.message}.`, { pointer: first.pointer, issues })
}

function isOwner(name: string, fields: Defining["fields"], field: string): boolean {
  if (name === "users" && field === "id") return true
  return fields !== null && Object.hasOwn(fields, field) && fields[field]?.to === "users"
}
