// Every version of every entity, in the order of their keys, oldest first: superseded rows, then the newest row. In short turns;
// an entity that is written to meanwhile shows each version once.
import { endOfPrefix, versionAtEnd, versionBytes } from "./keys.ts"
import type { Table } from "./tables.ts"
import { keyAfter, type Turns } from "./turns.ts"

export interface VersionVisitor {
  superseded(entity: Buffer, version: number, row: Buffer): void
  newest(entity: Buffer, row: Buffer): void
  /** A key of `rows` or `history` that is none. */
  malformed(table: "rows" | "history", key: Buffer): void
}

export class VersionWalk {
  #row: Buffer | undefined
  #superseded: Buffer | undefined

  constructor(
    private readonly rows: Table,
    private readonly history: Table,
    private readonly turns: Turns,
  ) {}

  async run(visitor: VersionVisitor, onTurn: () => void = () => undefined): Promise<void> {
    while (!this.turns.run(() => this.#turn(visitor))) {
      onTurn()
      await this.turns.end()
    }
  }

  /** True at the end of both tables. */
  #turn(visitor: VersionVisitor): boolean {
    for (const { key, value } of this.rows.getRange(this.#row === undefined ? {} : { start: this.#row })) {
      // Where history takes longer than this turn, the next one goes on at this entity.
      this.#row = key
      if (!isEntityKey(key)) visitor.malformed("rows", key)
      else {
        const end = endOfPrefix(key)
        if (!this.#history(visitor, end)) return false
        visitor.newest(key, value)
        this.#superseded = end
      }
      this.#row = keyAfter(key)
      if (this.turns.spent(value.length)) return false
    }
    return this.#history(visitor, undefined)
  }

  /** Superseded rows up to `end`; false where the turn ended before them. */
  #history(visitor: VersionVisitor, end: Buffer | undefined): boolean {
    const range = { ...(this.#superseded === undefined ? {} : { start: this.#superseded }), ...(end === undefined ? {} : { end }) }
    for (const { key, value } of this.history.getRange(range)) {
      const entity = key.subarray(0, -versionBytes)
      if (isEntityKey(entity)) visitor.superseded(entity, versionAtEnd(key), value)
      else visitor.malformed("history", key)
      this.#superseded = keyAfter(key)
      if (this.turns.spent(value.length)) return false
    }
    return true
  }
}

function isEntityKey(key: Buffer): boolean {
  const collectionEnd = key.indexOf(0)
  return collectionEnd > 0 && key.indexOf(0, collectionEnd + 1) === key.length - 1
}
