// Which operation of a record wrote an entity: what a history answers as `op`. Reads records only, never state.
import type { Record } from "../protocol/record.ts"

/** The name of the last operation that is about the entity; where none names it, of the one whose effect it was. */
export function operationOn(record: Record, collection: string, id: string): string | null {
  const operations = listOf(record.operations)
  const only = operations[0]
  if (operations.length === 1) return nameOf(only)
  const results = listOf(record.results)
  for (let n = operations.length - 1; n >= 0; n--) {
    if (wrote(record, results[n], collection, id) || names(operations[n], field(results[n], "value"), collection, id)) return nameOf(operations[n])
  }
  // A side effect, such as a document that `collection.drop` took with it: the operation on its collection.
  const byCollection = operations.findLast((operation) => names(operation, undefined, "collections", collection))
  return nameOf(byCollection ?? only)
}

function wrote(record: Record, result: unknown, collection: string, id: string): boolean {
  const index = field(result, "write")
  const write = typeof index === "number" ? record.writes[index] : undefined
  return write !== undefined && write.collection === collection && write.id === id
}

/** By its data, or by its result where a reference stands in the data. */
function names(operation: unknown, result: unknown, collection: string, id: string): boolean {
  const is = (name: string, value: string) => field(field(operation, "data"), name) === value || field(result, name) === value
  switch (nameOf(operation)?.split(".")[0]) {
    case "document":
      return is("collection", collection) && is("id", id)
    case "user":
      return collection === "users" && is("id", id)
    case "collection":
      return collection === "collections" && is("name", id)
    case "revert":
      // It may be about many: its result lists them.
      return Array.isArray(result) && result.some((change) => field(change, "collection") === collection && field(change, "id") === id)
    default:
      return false
  }
}

function nameOf(operation: unknown): string | null {
  const name = field(operation, "op")
  return typeof name === "string" ? name : null
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as { readonly [name: string]: unknown })[name] : undefined
}

function listOf(json: string): readonly unknown[] {
  const list: unknown = JSON.parse(json)
  return Array.isArray(list) ? list : []
}
