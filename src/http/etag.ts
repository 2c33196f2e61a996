// Entity tags: the version that last changed an entity, in quotes. A strong tag, since a version's bytes never change.

import * as v from "valibot"
import type { Described } from "./parameter.ts"

export const etagHeader: Described = { name: "etag", description: "The entity's version, in quotes.", schema: v.string() }

export const ifNoneMatchHeader: Described = {
  name: "if-none-match",
  description: "Tags of what the client has: 304 where it is the same.",
  schema: v.optional(v.string()),
}

export function etagOf(version: number): string {
  return `"${version}"`
}

/** Whether an If-None-Match header names the tag; compared weakly, as RFC 9110 wants for GET. */
export function noneMatch(header: string, etag: string): boolean {
  if (header === etag) return true
  if (header.trim() === "*") return true
  return header.split(",").some((part) => part.trim().replace(/^W\//, "") === etag)
}
