// JSON as types: what documents and users' data are made of.

export interface JsonObject {
  readonly [name: string]: unknown
}

/** A merge patch (RFC 7396): only what changes; `null` removes a field. */
export type Patch<T> = { readonly [Name in keyof T]?: (T[Name] extends readonly unknown[] ? T[Name] : T[Name] extends object ? Patch<T[Name]> : T[Name]) | null }
