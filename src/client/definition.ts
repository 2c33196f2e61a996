// Definitions of collections: what their documents look like, who may do what; and the types that follow from one.

interface Kept {
  readonly required?: boolean | undefined
  /** No two documents have the same value; any number of them may have none. Has an index. */
  readonly unique?: boolean | undefined
  /** Lists may filter and sort by it. */
  readonly index?: boolean | undefined
}

export interface TextField extends Kept {
  readonly type: "string"
  readonly enum?: readonly string[] | undefined
  /** UTF-16 units. */
  readonly minLength?: number | undefined
  readonly maxLength?: number | undefined
  /** What a document gets that is written without the field. */
  readonly default?: string | undefined
}

export interface NumberField extends Kept {
  readonly type: "integer" | "number"
  readonly enum?: readonly number[] | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly default?: number | undefined
}

export interface BooleanField extends Kept {
  readonly type: "boolean"
  readonly default?: boolean | undefined
}

/** RFC 3339; kept in UTC. Named `createdAt` or `updatedAt` it is the document's own time, for its index, and is never written. */
export interface TimeField extends Kept {
  readonly type: "time"
  readonly default?: string | undefined
}

export interface JsonField extends Pick<Kept, "required"> {
  readonly type: "json"
  readonly default?: unknown
}

/** The id of an entity elsewhere, which must be there. Has an index. */
export interface ReferenceField extends Kept {
  readonly type: "reference"
  /** A collection, or `users`. */
  readonly to: string
  /** What comes of the document when that is deleted: it keeps it from being deleted, goes with it, or names nothing (`restrict`). */
  readonly onDelete?: "restrict" | "cascade" | "setNull" | undefined
}

export type Field = TextField | NumberField | BooleanField | TimeField | JsonField | ReferenceField
export interface Fields {
  readonly [name: string]: Field
}

/** API keys only, any user, anybody, or the user that a reference field names. */
export type Rule = "server" | "user" | "public" | `owner:${string}`

export interface Access {
  readonly create: Rule
  readonly read: Rule
  readonly update: Rule
  readonly delete: Rule
}

/** What is left out stays as it is. */
export interface NewDefinition<Given extends Fields | null = Fields | null> {
  /** `users` for what users' `data` looks like, and who may see and change them. */
  readonly name: string
  /** Null for any JSON objects. */
  readonly fields?: Given | undefined
  readonly access?: Partial<Access> | undefined
}

export interface Index {
  /** What its entries are called on disk. */
  readonly term: string
  readonly unique: boolean
  readonly state: "ready" | "building"
}

/** A field as nodes answer it: what says only what holds anyway is left out. */
export interface DefinedField {
  readonly type: Field["type"]
  readonly required?: true | undefined
  readonly unique?: true | undefined
  readonly index?: true | undefined
  readonly default?: unknown
  readonly enum?: readonly unknown[] | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly minLength?: number | undefined
  readonly maxLength?: number | undefined
  readonly to?: string | undefined
  readonly onDelete?: ReferenceField["onDelete"]
}

export interface CollectionDefinition {
  /** Its name. */
  readonly id: string
  readonly name: string
  /** Null where documents are any JSON objects. */
  readonly fields: { readonly [name: string]: DefinedField } | null
  readonly access: Access
  /** By field. Lists may use one once it is ready. */
  readonly indexes: { readonly [field: string]: Index }
  /** RFC 3339, in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  /** The version that last changed it, and the one that created it. */
  readonly version: number
  readonly createdVersion: number
}

/** What a document with these fields has. */
export type ValueOf<Given extends Fields> = Merged<
  { readonly [Name in Own<Given> as Given[Name] extends { required: true } ? Name : never]: Read<Given[Name]> } & {
    readonly [Name in Own<Given> as Given[Name] extends { required: true } ? never : Name]?: Read<Given[Name]> | null
  }
>

/** What is given to make one: what has a default may be left out. */
export type NewValueOf<Given extends Fields> = Merged<
  { readonly [Name in Own<Given> as Needed<Given[Name]> extends true ? Name : never]: Written<Given[Name]> } & {
    readonly [Name in Own<Given> as Needed<Given[Name]> extends true ? never : Name]?: Given[Name] extends { required: true } ? Written<Given[Name]> : Written<Given[Name]> | null
  }
>

type Own<Given> = Exclude<keyof Given & string, "createdAt" | "updatedAt">
type Merged<Parts> = { [Name in keyof Parts]: Parts[Name] }
type Needed<Of> = Of extends { required: true } ? (Of extends { default: {} } ? false : true) : false
type Written<Of> = Of extends { type: "time" } ? string | Date : Read<Of>
type Read<Of> = Of extends { enum: readonly (infer One)[] }
  ? One
  : Of extends { type: "string" | "time" | "reference" }
    ? string
    : Of extends { type: "integer" | "number" }
      ? number
      : Of extends { type: "boolean" }
        ? boolean
        : unknown
