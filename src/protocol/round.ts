// One 2PC round as the coordinator makes it, and the requests that carry it.
import type { CoordinatorState, Round } from "./coordinator-state.ts"
import type { CommitRequest, PrepareRequest, RollbackRequest } from "./messages.ts"
import type { SealedRecord } from "./record.ts"

/** A new round of records that this log holds already (`saved`) or is about to hold (`saving`). */
export function roundOf(state: CoordinatorState, records: readonly SealedRecord[], local: "saving" | "saved"): Round {
  const first = records[0]
  const last = records.at(-1)
  if (first === undefined || last === undefined) throw new Error("a round has at least one record")
  return {
    number: state.roundNumber + 1,
    records,
    first: first.version,
    last: last.version,
    lastDigest: last.digest,
    parent: first.parent,
    sinceMs: state.nowMs,
    ask: "under-way",
    local,
    vote: null,
    rollback: "none",
  }
}

export function prepareOf(state: CoordinatorState, round: Round): PrepareRequest {
  return { kind: "prepare", round: round.number, committed: Math.min(state.committed, round.first - 1), records: round.records }
}

export function rollbackOf(round: Round): RollbackRequest {
  return { kind: "rollback", round: round.number, first: round.first, digest: round.lastDigest, parent: round.parent }
}

export function commitOf(state: CoordinatorState, version: number, digest: CommitRequest["digest"]): CommitRequest {
  return { kind: "commit", version, digest, inSync: state.phase.name === "steady" }
}
