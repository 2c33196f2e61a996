// Which operation of a record wrote an entity: what a history answers as `op`. Reads records only, never state.
import type { Record } from "../protocol/record.ts"

/** The name of the last operation that is about the entity; where none names it, of the one whose effect it was. */
export function operationOn(record: Record, collection: string, id: string): string | null {
  const operations = listOf(record.operations)
  const only = operations[0]
  if (operations.length === 1) return nameOf(only)
  const results = listOf(record.results)
  for (let n = operations.length - 1; n >= 0; n--) {
    if (wrote(record, results[n], collection, id) || names(operations[n], collection, id)) return nameOf(operations[n])
  }
  // A side effect, such as a document that `collection.drop` took with it: the operation on its collection.
  const byCollection = operations.findLast((operation) => names(operation, "collections", collection))
  return nameOf(byCollection ?? only)
}

function wrote(record: Record, result: unknown, collection: string, id: string): boolean {
  const index = field(result, "write")
  const write = typeof index === "number" ? record.writes[index] : undefined
  return write !== undefined && write.collection === collection && write.id === id
}

function names(operation: unknown, collection: string, id: string): boolean {
  const data = field(operation, "data")
  const kind = nameOf(operation)?.split(".")[0]
  if (kind === "document") return field(data, "collection") === collection && field(data, "id") === id
  if (kind === "user") return collection === "users" && field(data, "id") === id
  if (kind === "collection") return collection === "collections" && field(data, "name") === id
  return false
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
