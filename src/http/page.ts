// What all listings share that go on page by page: their parameters, the header that leads on, and the bytes of a page.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { asOfParameters } from "./as-of.ts"
import { type Described, text, wholeOr } from "./parameter.ts"

export const limitParameter = wholeOr(bounds.pageLimitDefault, { name: "limit", description: "Items of a page, at most.", min: 1, max: bounds.pageLimitMax })
export const cursorParameter = text({ name: "cursor", description: "Goes on where a page of this listing ended, as of the same version." })

/** The parameters of every listing that goes on by a cursor. */
export const pageParameters = [limitParameter, cursorParameter, ...asOfParameters]

export const linkHeader: Described = { name: "link", description: 'The next page, as `<…>; rel="next"`; absent at the end.', schema: v.optional(v.string()) }

/** `path` has no leading slash and is encoded; `more` begins with `&`. */
export function nextLink(path: string, next: string, limit: number, more = ""): string {
  return `</${path}?cursor=${next}&limit=${limit}${more}>; rel="next"`
}

const comma = Buffer.from(",")
const opening = Buffer.from('{"items":[')

/** Built from the bytes of the rows, without parsing one. `more` is what else the page says, and begins with a comma. */
export function pageBody(items: readonly Uint8Array[], version: number, next: string | null, more = ""): Uint8Array {
  const parts: Uint8Array[] = [opening]
  for (const [n, item] of items.entries()) {
    if (n > 0) parts.push(comma)
    parts.push(item)
  }
  parts.push(Buffer.from(`],"version":${version},"next":${JSON.stringify(next)}${more}}`))
  return Buffer.concat(parts)
}
