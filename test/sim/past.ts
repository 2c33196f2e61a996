// I7: what a read as of a version says, on either node, is what the log says, for ever.
import type { Definition } from "../../src/operations/definition.ts"
import { rowChanged, rowDeleted, rowText, textTerm } from "../../src/store/row.ts"
import type { Reader } from "../../src/store/store.ts"
import { CheckFailed } from "./check-failed.ts"
import type { NodeName } from "./disk.ts"
import { type KnownHistory, latin1 } from "./known-history.ts"

export class Past {
  readonly #historyOf: (node: NodeName) => KnownHistory

  constructor(historyOf: (node: NodeName) => KnownHistory) {
    this.#historyOf = historyOf
  }

  read(node: NodeName, reader: Reader, collection: string, id: string, at: number): void {
    const row = reader.row(collection, id, at)
    const shown = row === undefined || rowDeleted(row) ? undefined : rowText(row)
    const written = this.#historyOf(node).row(collection, id, at)
    if (shown !== written) throw new CheckFailed("I7", `${collection}/${id} as of ${at} is ${shown}, and the log says ${written}`)
  }

  readPage(node: NodeName, reader: Reader, collection: string, at: number): void {
    const shown = reader.page(collection, { at, after: undefined, limit: 100 }).rows.map(({ id }) => id).join(" ")
    const written = this.#historyOf(node).ids(collection, at).join(" ")
    if (shown !== written) throw new CheckFailed("I7", `${collection} as of ${at} has ${shown}, and the log says ${written}`)
  }

  readHistory(node: NodeName, reader: Reader, collection: string, id: string, at: number): void {
    const { oldest } = reader.horizon()
    const shown = reader.history(collection, id, { at, limit: 1_000 }).filter((row) => rowChanged(row) > oldest).length
    const written = this.#historyOf(node).versions(collection, id, at).filter((version) => version > oldest).length
    if (shown !== written) throw new CheckFailed("I7", `${collection}/${id} has ${shown} versions up to ${at}, and the log says ${written}`)
  }

  readByEmail(node: NodeName, reader: Reader, email: string, at: number): void {
    const { field, value } = textTerm("email", email, true)
    const shown = reader.lookup("users", field, value, at)
    const written = this.#historyOf(node).holder("users", field, value, at)
    if (shown !== written) throw new CheckFailed("I7", `${email} as of ${at} belongs to ${shown}, and the log says to ${written}`)
  }

  /** Every index that was there has each live entity once, where it belongs. */
  readIndexes(node: NodeName, reader: Reader, collection: string, at: number): void {
    const text = this.#historyOf(node).row("collections", collection, at)
    if (text === undefined) return
    const ids = this.#historyOf(node).ids(collection, at).join(" ")
    for (const { term } of Object.values((JSON.parse(text) as Definition).indexes)) {
      const shown = reader.walk(collection, term, { at, reverse: false, limit: 100 }).entries.map(({ value, id }) => `${latin1(value)} ${id}`).join(", ")
      const entries = this.#historyOf(node).entries(collection, term, at)
      const written = entries.map(({ value, id }) => `${value} ${id}`).join(", ")
      if (shown !== written) throw new CheckFailed("I7", `the index ${term} of ${collection} as of ${at} has ${shown}, and the log says ${written}`)
      const indexed = entries.map(({ id }) => id).sort().join(" ")
      if (indexed !== ids) throw new CheckFailed("I7", `the index ${term} of ${collection} as of ${at} has ${indexed}, and there are ${ids}`)
    }
  }
}
