// What stands for the `:name` segments of the routes' paths.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { collectionNamePattern } from "../operations/fields.ts"
import { idempotencyKeyShape } from "./idempotency.ts"
import type { Described } from "./parameter.ts"

const collectionName = v.pipe(v.string(), v.maxLength(bounds.collectionNameLengthMax), v.regex(collectionNamePattern))

const all: readonly Described[] = [
  { name: "collection", description: "The name of a collection.", schema: collectionName },
  { name: "name", description: "The name of a collection.", schema: collectionName },
  { name: "id", description: "An id, percent-encoded as UTF-8.", schema: v.pipe(v.string(), v.minLength(1), v.maxLength(bounds.idLengthMax)) },
  { name: "version", description: "A version.", schema: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) },
  { name: "key", description: "An idempotency key.", schema: idempotencyKeyShape },
]

/** Throws where a path has a segment that nobody has described. */
export function pathParameters(path: string): readonly Described[] {
  const names = path.split("/").filter((segment) => segment.startsWith(":")).map((segment) => segment.slice(1))
  return names.map((name) => {
    const found = all.find((parameter) => parameter.name === name)
    if (found === undefined) throw new Error(`the parameter :${name} of the path ${path} is described nowhere; path-parameters.ts is the place`)
    return found
  })
}
