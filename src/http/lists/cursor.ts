// Where a page ended, as the opaque text that clients hand back. Carries its version, so that the pages of one listing
// show one state; whoever forges one gets nothing that `at` would not give.
import { bounds } from "../../bounds.ts"
import { digestOf } from "../../protocol/digest.ts"
import { isRefusal, type Refusal } from "../../refusal.ts"
import { parameterRefusal } from "../query.ts"

export interface Cursor {
  /** What is listed: a collection's name with what it is filtered and sorted by, say, or `collection/id` for a history. A cursor goes on only where it came from. */
  readonly listing: string
  readonly version: number
  /** The last one shown, by its id. */
  readonly after: string
  /** In a list in the order of a field: which, and the value that the last one had, as in an index. */
  readonly by?: { readonly field: string; readonly value: Uint8Array } | undefined
}

/** One that somebody handed in, before it is known what is listed: that may depend on the version. */
export interface OpenCursor extends Omit<Cursor, "listing"> {
  readonly text: string
}

const versionBytes = 6
/** Of the listing's digest: enough to tell a mistake. Who wants to deceive gains nothing. */
const listingBytes = 9
const headBytes = versionBytes + listingBytes
const textLengthMax = Math.ceil(((headBytes + 2 * bounds.keyBytesMax) * 4) / 3)

export function cursorText({ listing, version, after, by }: Cursor): string {
  const head = Buffer.alloc(headBytes)
  head.writeUIntBE(version, 0, versionBytes)
  head.set(digestOf(listing).subarray(0, listingBytes), versionBytes)
  const value = by === undefined ? [] : [Buffer.from(`${by.field}\0`, "utf8"), by.value, nul]
  return Buffer.concat([head, ...value, Buffer.from(after, "utf8")]).toString("base64url")
}

const nul = Buffer.from([0])

/** What `text` says, where it is a cursor of this listing. */
export function parseCursor(text: string, listing: string): Cursor | Refusal {
  const open = openCursor(text)
  return isRefusal(open) ? open : cursorOf(open, listing)
}

export function openCursor(text: string): OpenCursor | Refusal {
  if (text.length > textLengthMax || !/^[A-Za-z0-9_-]+$/.test(text)) return broken()
  const bytes = Buffer.from(text, "base64url")
  if (bytes.length <= headBytes) return broken()
  const version = bytes.readUIntBE(0, versionBytes)
  const place = bytes.subarray(headBytes)
  const fieldEnd = place.indexOf(0)
  const valueEnd = place.indexOf(0, fieldEnd + 1)
  const after = place.toString("utf8", valueEnd + 1)
  if (after.length === 0 || after.length > bounds.idLengthMax) return broken()
  if (fieldEnd === -1) return { text, version, after }
  // One NUL, or one more in the id, is what nobody wrote; nor is there such a key in the store as a longer value would make with its id.
  if (valueEnd === -1 || after.includes("\0") || place.length - fieldEnd > bounds.keyBytesMax) return broken()
  return { text, version, after, by: { field: place.toString("utf8", 0, fieldEnd), value: place.subarray(fieldEnd + 1, valueEnd) } }
}

export function cursorOf({ text, ...place }: OpenCursor, listing: string): Cursor | Refusal {
  const cursor = { listing, ...place }
  // Comparing with what we would have written refuses every other spelling, broken UTF-8 included.
  return cursorText(cursor) === text ? cursor : broken()
}

function broken(): Refusal {
  return parameterRefusal("cursor", "is not one that this listing gave out", "A cursor goes with the filters and the order of the page that it came from; `next` of the first page has one.")
}
