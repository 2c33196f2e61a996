// One line of history, as far as it is known: what was committed in it, told and shown. There is one, which both nodes follow, until
// an operator promotes a node that lacks what the other one has: then that one's line ends where the other's goes on without it.
import { type Digest, digestText, sameDigest } from "../../src/protocol/digest.ts"
import { KnownHistory } from "./known-history.ts"
import { Outcomes } from "./outcomes.ts"
import { Reigns } from "./reigns.ts"

export class Line {
  /** Digests of the versions that some node ever committed, from version 1 on. */
  readonly committed: Digest[]
  readonly history: KnownHistory
  /** Keys that a client was told not to be committed. */
  readonly notCommitted: Set<string>
  readonly outcomes: Outcomes
  readonly reigns: Reigns
  /** What a primary that is solo has saved as decided, as digests' texts. */
  readonly #decidedAlone: Set<string>
  acknowledgedUpTo = 0
  /** The same of what both nodes had committed. */
  acknowledgedByBoth = 0
  /** The highest version that is known to have been on both disks when it was committed. */
  onBoth = 0
  /** The highest that a reader of a primary was shown. */
  shown = 0

  constructor(from?: Line, upTo = 0) {
    this.committed = from?.committed.slice(0, upTo) ?? []
    this.history = from?.history.cutAt(upTo) ?? new KnownHistory()
    this.notCommitted = new Set(from?.notCommitted)
    this.outcomes = from?.outcomes.cutAt(upTo) ?? new Outcomes()
    this.reigns = new Reigns(from?.reigns)
    this.#decidedAlone = new Set(from === undefined ? [] : from.#decidedAlone)
    if (from === undefined) return
    for (const name of ["acknowledgedUpTo", "acknowledgedByBoth", "onBoth", "shown"] as const) this[name] = Math.min(from[name], upTo)
  }

  isCommitted(version: number, digest: Digest): boolean {
    const known = this.committed[version - 1]
    return known !== undefined && sameDigest(known, digest)
  }

  decides(digest: Digest): void {
    this.#decidedAlone.add(digestText(digest))
  }

  isDecidedAlone(digest: Digest): boolean {
    return this.#decidedAlone.has(digestText(digest))
  }

  /** The line that goes on from `version` without what this one has above it. */
  cutAt(version: number): Line {
    return new Line(this, version)
  }
}
