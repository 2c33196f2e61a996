// The access rules of a collection, from its definition. A collection that is not there is for API keys only, like one without rules.
import { bounds } from "../bounds.ts"
import { rowDeleted, rowText } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { type Access, type Action, ownUser, type Reach, reachOf, serverOnly } from "./access.ts"
import type { TransactionView } from "./transaction-view.ts"

interface Known {
  readonly at: number
  readonly access: Access
}

/** As of what is committed, for reads: each collection's definition is looked at once a version. */
export class Rules {
  readonly #reader: Reader
  readonly #known = new Map<string, Known>()

  constructor(reader: Reader) {
    this.#reader = reader
  }

  /** `at` is the newest committed version: rules are those of now, also for reads of the past. */
  of(collection: string, at: number): Access {
    const known = this.#known.get(collection)
    if (known?.at === at) return known.access
    const row = this.#reader.row("collections", collection, at)
    const isThere = row !== undefined && !rowDeleted(row)
    const access = accessIn(collection, isThere ? (JSON.parse(rowText(row)) as Definition) : undefined)
    // Names come from whoever asks.
    if (this.#known.size >= bounds.rulesKnownMax) this.#known.clear()
    this.#known.set(collection, { at, access })
    return access
  }
}

/** What a transaction may do, by the rules as it finds them. */
export function reachIn(view: TransactionView, collection: string, action: Action): Reach {
  return reachOf(view.principal, accessIn(collection, view.find("collections", collection))[action])
}

interface Definition {
  readonly access?: unknown
  readonly [field: string]: unknown
}

function accessIn(collection: string, definition: Definition | undefined): Access {
  if (collection === "collections") return serverOnly
  if (definition?.access !== undefined) return definition.access as Access
  return collection === "users" ? ownUser : serverOnly
}
