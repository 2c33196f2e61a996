// A page of a listing, whatever is listed.
import * as v from "valibot"
import { versionShape } from "../operations/entity-shape.ts"

export function pageShape<const Item extends v.GenericSchema>(item: Item) {
  return v.strictObject({
    items: v.array(item),
    version: v.pipe(versionShape, v.description("What all pages of the listing are as of.")),
    next: v.pipe(v.nullable(v.string()), v.description("The `cursor` of the next page; null at the end. The header `Link` has its URL.")),
  })
}
