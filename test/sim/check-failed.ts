// A check that failed: what must hold, and what was seen instead.
import type { InvariantName } from "../../src/protocol/invariant.ts"

export type CheckName = InvariantName | "P2" | "P3" | "P4" | "P5" | "P6" | "record time" | "liveness" | "stop"

export class CheckFailed extends Error {
  constructor(
    readonly check: CheckName,
    detail: string,
  ) {
    super(`${check}: ${detail}`)
    this.name = "CheckFailed"
  }
}
