// The definition of a collection, as reads, results, histories and the feed all show it.
import * as v from "valibot"
import { stampAt, stampEntries } from "./entity-shape.ts"

export const definitionShape = v.strictObject({ id: v.string(), name: v.string(), ...stampEntries })

export function definedExample(name: string, version: number) {
  return { id: name, name, ...stampAt(version) }
}

/** As version 2 created it. */
export const definitionExample = definedExample("goals", 2)
