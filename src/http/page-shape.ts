// A page of a listing, whatever is listed; and of a list of entities, which can be counted.
import * as v from "valibot"
import { versionShape } from "../operations/entity-shape.ts"

export function pageShape<const Item extends v.GenericSchema>(item: Item) {
  return v.strictObject({
    items: v.array(item),
    version: v.pipe(versionShape, v.description("What all pages of the listing are as of.")),
    next: v.pipe(v.nullable(v.string()), v.description("The `cursor` of the next page; null at the end. The header `Link` has its URL.")),
  })
}

export function listShape<const Item extends v.GenericSchema>(item: Item) {
  const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
  return v.strictObject({
    ...pageShape(item).entries,
    count: v.exactOptional(v.pipe(v.nullable(whole), v.description("With `count=true`: how many there are in all. Null where they are too many to be counted."))),
    countAtLeast: v.exactOptional(v.pipe(whole, v.description("Where `count` is null: how many there are at least."))),
  })
}
