// The definition of a collection: what its documents look like, who may do what, and which indexes there are. An entity of
// `collections` under the collection's name, with versions like any other.
import { rowDeleted, rowText } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { type Access, ownUser, serverOnly } from "./access.ts"
import type { TransactionView } from "./transaction-view.ts"

export const fieldTypes = ["string", "integer", "number", "boolean", "time", "json", "reference"] as const
export type FieldType = (typeof fieldTypes)[number]

/** What a reference does where the entity that it names is deleted. */
export const onDeletes = ["restrict", "cascade", "setNull"] as const
export type OnDelete = (typeof onDeletes)[number]

export interface Field {
  readonly type: FieldType
  readonly required?: true
  /** No two documents have the same value; any number of them may have none. Has an index. */
  readonly unique?: true
  readonly index?: true
  /** What a document gets that is written without the field. */
  readonly default?: unknown
  readonly enum?: readonly (string | number)[]
  readonly min?: number
  readonly max?: number
  /** UTF-16 units. */
  readonly minLength?: number
  readonly maxLength?: number
  /** The collection of the entity that a reference names by its id; `users` too. Has an index. */
  readonly to?: string
  readonly onDelete?: OnDelete
}

export type Fields = Readonly<Record<string, Field>>

export interface Index {
  /** The name of its terms: `<field>@<version>`, so that an index that comes back never meets entries of the old one. */
  readonly term: string
  readonly unique: boolean
  /** `building` until every document has its term: then it answers no list yet. */
  readonly state: "ready" | "building"
}

export type Indexes = Readonly<Record<string, Index>>

export interface Definition {
  readonly name: string
  /** Null where documents are any JSON objects. */
  readonly fields: Fields | null
  readonly access: Access
  readonly indexes: Indexes
}

/** Whether lists may filter and sort by the field. */
export function isIndexed({ type, index, unique }: Field): boolean {
  return index === true || unique === true || type === "reference"
}

/** The collections that the fields' references name. */
export function referencedBy(fields: Fields | null): ReadonlySet<string> {
  return new Set(Object.values(fields ?? {}).flatMap(({ to }) => (to === undefined ? [] : [to])))
}

/** Times of the entity itself, which may be indexed like fields. */
export const stampFields: readonly string[] = ["createdAt", "updatedAt"]

/** The definition as of a version; undefined where there is no such collection. Users have one though nobody made it. */
export function definitionAt(reader: Reader, name: string, version: number): Definition | undefined {
  const row = reader.row("collections", name, version)
  return parsed(name, row === undefined || rowDeleted(row) ? "" : rowText(row))
}

/** The definition that a transaction goes by. */
export function definitionIn(view: TransactionView, name: string): Definition | undefined {
  return view.definition(name, parsed)
}

/** Users have a definition though nobody made one. */
export function usersDefinition(view: TransactionView): Definition {
  return definitionIn(view, "users") ?? users
}

const users: Definition = { name: "users", fields: null, access: ownUser, indexes: {} }

/** The newest text of each, with what was made of it: a definition is looked at by every write and list, and hardly ever changes. */
const known = new Map<string, { readonly text: string; readonly definition: Definition }>()
const knownMax = 1_000

function parsed(name: string, text: string): Definition | undefined {
  if (text === "") return name === "users" ? users : undefined
  const found = known.get(name)
  if (found?.text === text) return found.definition
  const { fields = null, access = defaultAccess(name), indexes = {} } = JSON.parse(text) as Partial<Definition>
  const definition = { name, fields, access, indexes }
  if (known.size >= knownMax) known.clear()
  known.set(name, { text, definition })
  return definition
}

export function defaultAccess(name: string): Access {
  return name === "users" ? ownUser : serverOnly
}
