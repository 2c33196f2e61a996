// Long reads in short turns: other work gets its turn between two of them, and no read transaction outlives one.
import type { Table } from "./tables.ts"

/** What one turn looks at. */
const entriesMax = 1_000
const bytesMax = 1024 * 1024

export class Turns {
  #entries = 0
  #bytes = 0

  /** `begin` is called at the beginning of each turn, what it gives at its end. */
  constructor(private readonly begin: () => (() => void) | undefined = () => undefined) {}

  /** One turn, or a part of it. */
  run<T>(part: () => T): T {
    const end = this.begin()
    try {
      return part()
    } finally {
      end?.()
    }
  }

  /** Notes what was looked at; true where the turn should end. */
  spent(bytes: number, entries = 1): boolean {
    this.#bytes += bytes
    this.#entries += entries
    return this.#entries >= entriesMax || this.#bytes >= bytesMax
  }

  async end(): Promise<void> {
    this.#entries = 0
    this.#bytes = 0
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }

  /** Every entry of a table up to `end`, one at a time; `visit` says how many entries it looked at. */
  async walk(table: Table, visit: (key: Buffer, value: Buffer) => number, end?: Buffer): Promise<void> {
    const turn = (after: Buffer | undefined): Buffer | undefined => this.run(() => this.#visitSome(table, visit, after, end))
    for (let last = turn(undefined); last !== undefined; last = turn(last)) await this.end()
  }

  /** Gives the last key where the turn ended before the table. */
  #visitSome(table: Table, visit: (key: Buffer, value: Buffer) => number, after: Buffer | undefined, end: Buffer | undefined): Buffer | undefined {
    const range = { ...(after === undefined ? {} : { start: keyAfter(after) }), ...(end === undefined ? {} : { end }) }
    for (const { key, value } of table.getRange(range)) if (this.spent(value.length, visit(key, value))) return key
    return undefined
  }
}

/** The smallest key that is greater. */
export function keyAfter(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.from([0])])
}
