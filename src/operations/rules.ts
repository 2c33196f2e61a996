// The access rules of a collection, from its definition. A collection that is not there is for API keys only, like one without rules.
import { bounds } from "../bounds.ts"
import type { Reader } from "../store/store.ts"
import { type Access, type Action, type Reach, reachOf, serverOnly } from "./access.ts"
import { type Definition, definitionAt, definitionIn } from "./definition.ts"
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
    const access = accessOf(collection, definitionAt(this.#reader, collection, at))
    // Names come from whoever asks.
    if (this.#known.size >= bounds.rulesKnownMax) this.#known.clear()
    this.#known.set(collection, { at, access })
    return access
  }
}

/** What a transaction may do, by the rules as it finds them. */
export function reachIn(view: TransactionView, collection: string, action: Action): Reach {
  return reachOf(view.principal, accessOf(collection, definitionIn(view, collection))[action])
}

function accessOf(collection: string, definition: Definition | undefined): Access {
  return collection === "collections" ? serverOnly : (definition?.access ?? serverOnly)
}
