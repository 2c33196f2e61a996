// The invariants I1–I10 of docs/PROTOCOL.md, asserted where the code relies on them.
// A broken invariant is a bug: it is thrown, never returned, and ends the process.

export type InvariantName = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I9" | "I10"

export class InvariantBroken extends Error {
  constructor(
    readonly invariant: InvariantName,
    detail: string,
  ) {
    super(`invariant ${invariant} is broken: ${detail}`)
    this.name = "InvariantBroken"
  }
}

/** Ends the process (through an uncaught error) when `holds` is false. */
export function invariant(holds: boolean, name: InvariantName, detail: string): asserts holds {
  if (!holds) throw new InvariantBroken(name, detail)
}
