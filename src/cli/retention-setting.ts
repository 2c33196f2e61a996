// `--retention` and `--retention-of` as people write them: `100000`, `30d`, `100000,30d`, `everything`.
import { bounds } from "../bounds.ts"
import type { Keep } from "../node/retention-settings.ts"
import { collectionNamePattern } from "../operations/fields.ts"
import { parseDuration } from "./quantity.ts"

export const retentionRule = "must be `everything`, a number of versions, an age such as 30d, or both: 100000,30d keeps what either keeps"

/** Boxed, since everything is no limit at all; undefined where the text is none of it. */
export function parseKeep(text: string): { readonly keep: Keep | undefined } | undefined {
  if (text === "everything") return { keep: undefined }
  let versions: number | undefined
  let ageMs: number | undefined
  for (const part of text.split(",").map((one) => one.trim())) {
    if (/^\d+$/.test(part)) {
      if (versions !== undefined) return undefined
      versions = Number(part)
    } else {
      if (ageMs !== undefined) return undefined
      ageMs = parseDuration(part)
      if (ageMs === undefined || ageMs < bounds.lifeMsMin || ageMs > bounds.retentionAgeMsMax) return undefined
    }
  }
  if (versions !== undefined && !(versions >= 1 && Number.isSafeInteger(versions))) return undefined
  return { keep: { versions, ageMs } }
}

/** `goals=1000,30d`. Of the collections with rows of Tandem's own only users may be named. */
export function parseKeepOf(text: string): { readonly collection: string; readonly keep: Keep | undefined } | undefined {
  const end = text.indexOf("=")
  const collection = text.slice(0, Math.max(0, end))
  const parsed = parseKeep(text.slice(end + 1))
  if (parsed === undefined || !collectionNamePattern.test(collection) || collection.length > bounds.collectionNameLengthMax || collection === "collections") return undefined
  return { collection, ...parsed }
}
