// Which collections and ids a path may name. Credentials and keys are collections of rows too, and are never read here.
import { bounds } from "../bounds.ts"
import { collectionNamePattern } from "../operations/fields.ts"
import { hiddenCollections } from "../operations/hidden-collections.ts"
import { type Refusal, type RefusalCode, refuse } from "../refusal.ts"
import { rowDeleted } from "../store/row.ts"
import type { Exchange } from "./exchange.ts"
import { isWellEncoded } from "./query.ts"
import { readReach } from "./reach.ts"

/** Read by everyone with the scope, and always there. */
const builtIn: ReadonlySet<string> = new Set(["users", "collections"])

const control = /[\u0000-\u001f\u007f-\u009f]/

/** What reads of a collection and an id in the path may refuse with. */
export const namedCodes: readonly RefusalCode[] = ["collection-missing", "entity-missing", "not-found", "method-not-allowed"]

/** Whether rows of that name may be looked at by a read. */
export function isReadable(collection: string): boolean {
  return (
    builtIn.has(collection) ||
    (collection.length <= bounds.collectionNameLengthMax && !hiddenCollections.has(collection) && collectionNamePattern.test(collection))
  )
}

/** The id in the path, or what is wrong with it. */
export function idParameter(exchange: Exchange, name: string): string | Refusal {
  const id = exchange.param(name)
  const broken = exchange.url.includes("%") && !isWellEncoded(pathOf(exchange.url))
  if (broken || id.length === 0 || id.length > bounds.idLengthMax || control.test(id) || !id.isWellFormed()) {
    return refuse("malformed", "The path holds an id that cannot be one.", {
      pointer: `/${name}`,
      hint: `Ids have 1 to ${bounds.idLengthMax} characters, none of them a control character, percent-encoded as UTF-8.`,
    })
  }
  return id
}

/** Whether the collection was there as of `version`, for who asks. */
export function isThere(exchange: Exchange, collection: string, version: number): boolean {
  if (readReach(exchange, collection) === "none") return false
  if (builtIn.has(collection)) return true
  if (!isReadable(collection)) return false
  const row = exchange.node.reader.row("collections", collection, version)
  return row !== undefined && !rowDeleted(row)
}

export function collectionMissing(exchange: Exchange, collection: string, version: number): Response {
  // GET /do, say: a path of ours that others may ask differently.
  if (!isReadable(collection) || !exchange.isRoute()) return exchange.noRoute()
  const name = collection.slice(0, bounds.collectionNameLengthMax)
  return exchange.absent(refuse("collection-missing", `There is no collection \`${name}\` at version ${version}.`, { version }))
}

export function entityMissing(exchange: Exchange, collection: string, version: number): Response {
  return isThere(exchange, collection, version) ? onlyEntityMissing(exchange, collection, version) : collectionMissing(exchange, collection, version)
}

/** In a collection that is there, whoever asks. */
export function onlyEntityMissing(exchange: Exchange, collection: string, version: number): Response {
  return exchange.absent(refuse("entity-missing", `There is no such entity in \`${collection}\` at version ${version}.`, { version }))
}

function pathOf(url: string): string {
  const end = url.indexOf("?")
  return end < 0 ? url : url.slice(0, end)
}
