// A line that `tandem export` wrote, as the transaction that makes the same entity elsewhere. What an entity has from
// where it was (versions, times) it gets anew; credentials are never exported.
import { type Fields, textField } from "./fields.ts"

/** Undefined where the line is something else, a transaction say. */
export function exportedTransaction(line: Fields): Fields | undefined {
  const collection = textField(line, "collection")
  if (collection === undefined || "operations" in line || "op" in line) return undefined
  return { operations: operationsFor(collection, line) }
}

function operationsFor(collection: string, line: Fields): readonly Fields[] {
  const { id, email, name, verified, disabled, data, value, fields, access } = line
  switch (collection) {
    case "collections":
      return [{ op: "collection.define", data: { name, fields, access } }]
    case "users": {
      const made = { op: "user.create", data: { id, email, name, verified, data } }
      return disabled === true ? [made, { op: "user.update", data: { id, disabled } }] : [made]
    }
    default:
      return [{ op: "document.put", data: { collection, id, value } }]
  }
}
