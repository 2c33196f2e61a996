// Where a page ended, as the opaque text that clients hand back. Carries its version, so that the pages of one listing
// show one state; whoever forges one gets nothing that `at` would not give.
import { bounds } from "../bounds.ts"
import type { Refusal } from "../refusal.ts"
import { parameterRefusal } from "./query.ts"

export interface Cursor {
  /** What is listed: a collection's name, or `collection/id` for a history. A cursor goes on only where it came from. */
  readonly listing: string
  readonly version: number
  /** The last one shown. */
  readonly after: string
}

const versionBytes = 6
/** Base64 of a version and the longest listing and id there can be. */
const textLengthMax = Math.ceil(((versionBytes + 8 * bounds.keyBytesMax) * 4) / 3)

export function cursorText(cursor: Cursor): string {
  const version = Buffer.alloc(versionBytes)
  version.writeUIntBE(cursor.version, 0, versionBytes)
  return Buffer.concat([version, Buffer.from(`${cursor.listing}\0${cursor.after}`, "utf8")]).toString("base64url")
}

/** What `text` says, where it is a cursor of this listing. */
export function parseCursor(text: string, listing: string): Cursor | Refusal {
  const broken = parameterRefusal("cursor", "is not one that this listing gave out")
  if (text.length > textLengthMax || !/^[A-Za-z0-9_-]+$/.test(text)) return broken
  const bytes = Buffer.from(text, "base64url")
  if (bytes.length <= versionBytes) return broken
  const cursor = { listing, version: bytes.readUIntBE(0, versionBytes), after: afterOf(bytes, listing) }
  // Comparing with what we would have written refuses every other spelling, broken UTF-8 included.
  const possible = cursor.after.length > 0 && cursor.after.length <= bounds.idLengthMax && !cursor.after.includes("\0")
  return possible && cursorText(cursor) === text ? cursor : broken
}

function afterOf(bytes: Buffer, listing: string): string {
  return bytes.toString("utf8", versionBytes + Buffer.byteLength(listing) + 1)
}
