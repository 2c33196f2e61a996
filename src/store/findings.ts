// What a check of a store found wrong, and where.
import { entryName } from "./entry-name.ts"
import type { TableName } from "./tables.ts"

export interface Problem {
  readonly where: string
  readonly what: string
}

const problemsMax = 100

export class Findings {
  readonly #problems: Problem[] = []
  readonly #damaged = new Set<string>()
  #more = 0

  report(where: string, what: string): void {
    if (this.#problems.length < problemsMax) this.#problems.push({ where, what })
    else this.#more++
  }

  /** An entry without its checksum, however often it is read. */
  damaged(table: TableName, key: Buffer): void {
    const name = `${table} ${key.toString("hex")}`
    if (this.#damaged.has(name) || this.isFull) return
    this.#damaged.add(name)
    this.report(entryName(table, key), "its key and its value do not give its checksum")
  }

  /** Runs what reads stored bytes; a number in them that leads nowhere is damage as well. */
  guard(where: string, what: string, read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.report(where, what)
    }
  }

  /** What is reported now is counted only. */
  get isFull(): boolean {
    return this.#problems.length >= problemsMax
  }

  get problems(): readonly Problem[] {
    return this.#more === 0 ? this.#problems : [...this.#problems, { where: "and", what: `${this.#more} more` }]
  }
}
