// What a check of a store found wrong, and where.

export interface Problem {
  readonly where: string
  readonly what: string
}

const problemsMax = 100

export class Findings {
  readonly #problems: Problem[] = []
  #more = 0

  report(where: string, what: string): void {
    if (this.#problems.length < problemsMax) this.#problems.push({ where, what })
    else this.#more++
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
