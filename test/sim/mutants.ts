// Rules of the protocol, each broken on purpose: what the simulator must find. A rule is broken by replacing text of
// the source, which must be there exactly once, so that a mutant that has lost its place fails.
import type { CheckName } from "./check-failed.ts"

export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

export interface Mutant {
  /** The rule that it breaks. */
  readonly rule: string
  /** Any of these must find it. */
  readonly checks: readonly CheckName[]
  readonly edits: readonly Edit[]
}

/** In every mutant, so that the checkers have to find what the code's own assertions would. */
export const withoutAssertions: Edit = { file: "src/protocol/invariant.ts", from: "if (!holds) throw", to: "if (!holds && detail === name) throw" }

const participant = "src/protocol/participant.ts"
const coordinator = "src/protocol/coordinator.ts"
const promotion = "src/protocol/promotion.ts"

export const mutants: readonly Mutant[] = [
  {
    rule: "a vote leaves only after the batch is durable",
    checks: ["I2"],
    edits: [
      {
        file: participant,
        from: `effects: [...moved.effects, { effect: "save",`,
        to: `effects: [...moved.effects, { effect: "reply", ticket: incoming.ticket, answer: { kind: "vote", round: request.round, vote: { prepared: true }, committed: state.committed } }, { effect: "save",`,
      },
    ],
  },
  {
    rule: "an acknowledgement waits for the replica's confirmation",
    checks: ["I3"],
    edits: [{ file: coordinator, from: `{ effect: "decided", version: round.last },`, to: `{ effect: "decided", version: round.last }, { effect: "acknowledge", version: round.last },` }],
  },
  {
    rule: "a batch is decided by two votes",
    checks: ["I1"],
    edits: [
      {
        file: coordinator,
        from: `    if (round.vote === null) return { state, effects: [] }\n    return round.vote.prepared ? decide(state, round) : takeBackHere(state, round)`,
        to: `    return round.vote?.prepared === false ? takeBackHere(state, round) : decide(state, round)`,
      },
    ],
  },
  {
    rule: "a log is only continued where the parent fits",
    checks: ["I4"],
    edits: [{ file: "src/protocol/record.ts", from: "record.version !== version + 1 || !sameDigest(record.parent, digest)", to: "record.version !== version + 1" }],
  },
  {
    rule: "what is sent begins where the replica's log ends",
    checks: ["I4"],
    edits: [
      { file: "src/protocol/sync.ts", from: `effects.push({ effect: "load", from: peer.head + 1 })`, to: `effects.push({ effect: "load", from: Math.min(peer.head + 2, state.head) })` },
      { file: "src/protocol/sync.ts", from: " || records[0]?.version !== (peer?.head ?? 0) + 1", to: " || records.length === 0 || peer === null" },
      { file: participant, from: "if (!continuesLog(state.head, state.headDigest, request.records)) {", to: "if (first.version <= state.head) {" },
    ],
  },
  {
    rule: "logs that differ are not continued",
    checks: ["P6"],
    edits: [{ file: "src/protocol/recovery.ts", from: `return sameDigest(ownDigestAtPeerHead, peer.headDigest) ? "send" : "diverged"`, to: `return "send"` }],
  },
  {
    rule: "no batch is begun while one is in doubt",
    checks: ["I5"],
    edits: [{ file: "src/protocol/coordinator-state.ts", from: `state.phase.name === "steady" ? state.round === null :`, to: `state.phase.name === "steady" ? true :` }],
  },
  {
    rule: "the replica hears only the newest link of its session",
    checks: ["I6"],
    edits: [{ file: "src/protocol/greeting.ts", from: "  if (envelope.peerSession !== state.session) return \"this node has started anew since; say hello again\"\n  if (envelope.link !== state.link)", to: "  if (envelope.link < 0)" }],
  },
  {
    rule: "the primary hears only answers of its own link",
    checks: ["I6"],
    edits: [{ file: coordinator, from: "if (startedAnew || envelope.link !== state.link) return { state, effects: [] }", to: "" }],
  },
  {
    rule: "a primary that greets hears only answers to its own session",
    checks: ["I6", "stop"],
    edits: [
      {
        file: coordinator,
        from: `  if (envelope.peerSession !== state.session) return { state, effects: [] }\n  if (name === "greeting" || name === "opening") return answerWhileSyncing(state, envelope, answer)`,
        to: `  if (name === "greeting" || name === "opening") return answerWhileSyncing(state, envelope, answer)\n  if (envelope.peerSession !== state.session) return { state, effects: [] }`,
      },
      // It would keep most of them out as well, since all clocks of the simulator begin together.
      { file: "src/protocol/sync.ts", from: "envelope.sentAtMs < state.helloMs", to: "envelope.sentAtMs < 0" },
    ],
  },
  {
    rule: "a superseded row is kept",
    checks: ["I7"],
    edits: [{ file: "src/store/rows-and-history.ts", from: "    if (before !== undefined) this.history.put(historyKey(collection, id, rowChanged(before)), before)\n", to: "" }],
  },
  {
    rule: "an ended index entry is kept",
    // Whichever comes first: a read, or a batch that cannot be undone without it.
    checks: ["I7", "I10"],
    edits: [{ file: "src/store/term-index.ts", from: "this.ended.put(key, versionKey(end))", to: "versionKey(end)" }],
  },
  {
    rule: "what a fill added is taken back with its batch",
    checks: ["I4", "I7", "I10", "stop"],
    edits: [{ file: "src/store/rows-and-history.ts", from: "rowTerms(row).filter(({ since }) => since !== version)", to: "rowTerms(row)" }],
  },
  {
    rule: "what is at the horizon is not taken away",
    checks: ["I7"],
    edits: [{ file: "src/store/trim.ts", from: "rows.forget(collection, id, version - 1)", to: "rows.forget(collection, id, version)" }],
  },
  {
    rule: "the log is trimmed up to the horizon only",
    checks: ["I2", "I4", "I5", "I9", "I10", "P2", "P3", "P4", "liveness"],
    edits: [{ file: "src/store/trim.ts", from: "return Math.min(horizon.log, ...walks", to: "return Math.min(horizon.log + 3, ...walks" }],
  },
  {
    rule: "an idempotency key is looked up first",
    checks: ["I8"],
    edits: [{ file: "src/operations/batch-run.ts", from: "    if (replay !== undefined) return replay\n", to: "" }],
  },
  {
    rule: "it is looked up also where a second run would be possible",
    checks: ["I8", "P3"],
    edits: [{ file: "src/operations/batch-run.ts", from: "    if (replay !== undefined) return replay\n", to: `    if (replay !== undefined && !(transaction.operations.length === 1 && transaction.operationsText.includes("document.put"))) return replay\n` }],
  },
  {
    rule: "prepared is not committed",
    checks: ["I9"],
    edits: [{ file: "src/store/table-store.ts", from: "this.#position = { head: last.version, headDigest: last.digest, committed }", to: "this.#position = { head: last.version, headDigest: last.digest, committed: last.version }" }],
  },
  {
    rule: "a round that was rolled back is refused when it comes late",
    checks: ["I10"],
    edits: [{ file: participant, from: "  return rolledBack(state, incoming.ticket, request)", to: "  return { ...rolledBack(state, incoming.ticket, request), state }" }],
  },
  {
    rule: "a rollback is answered only after its undo is durable",
    checks: ["I10"],
    edits: [{ file: participant, from: `effects: [{ effect: "undo" }] }`, to: `effects: [{ effect: "undo" }, ...rolledBack(state, incoming.ticket, request).effects] }` }],
  },
  {
    rule: "silence is no no",
    checks: ["I10"],
    edits: [{ file: "src/protocol/tick.ts", from: "    return stuck(state, `no vote on version", to: "    return { state: { ...state, round: null }, effects: [{ effect: \"reject\", code: \"disk-full\", detail: \"no vote\" }] }\n    return stuck(state, `no vote on version" }],
  },
  {
    rule: "recovery completes what is in doubt",
    checks: ["P2"],
    edits: [{ file: "src/store/table-store.ts", from: "    this.#durableCommitted = this.#position.committed\n  }\n", to: "    this.#durableCommitted = this.#position.committed\n    void this.undo()\n  }\n" }],
  },
  {
    rule: "a replica serves no reads before it has synced",
    checks: ["P4", "P6"],
    edits: [{ file: "src/protocol/participant-state.ts", from: "    synced: false,", to: "    synced: true," }],
  },
  {
    rule: "a replica serves no reads while it catches up",
    checks: ["P4"],
    edits: [{ file: participant, from: "    state: { ...moved.state, work },", to: "    state: { ...moved.state, work, synced: true }," }],
  },
  {
    rule: "a retry is told what the first attempt was told",
    checks: ["P3"],
    edits: [{ file: "src/operations/batch-run.ts", from: "version: record.version, timeMs: record.timeMs, ...resultsOfRecord(record) }", to: `version: record.version, timeMs: record.timeMs, ...resultsOfRecord(record), results: "[]" }` }],
  },
  {
    rule: "record time never goes back",
    checks: ["record time"],
    edits: [{ file: "src/operations/batch-run.ts", from: "Math.max(this.#options.nowMs, this.#timeMs)", to: "this.#options.nowMs" }],
  },
  {
    rule: "a replica is not promoted while its primary may still answer reads",
    checks: ["P4"],
    edits: [{ file: promotion, from: "  if (leaseLeftMs > 0) return", to: "  if (leaseLeftMs > 1e9) return" }],
  },
  {
    rule: "a primary that is alone writes nothing",
    checks: ["I3", "I4"],
    edits: [{ file: "src/protocol/coordinator-state.ts", from: `state.mode === "solo" && acceptsLone(state)`, to: `state.mode !== "paired" && acceptsLone(state)` }],
  },
  {
    rule: "a primary of an earlier reign is not listened to",
    checks: ["I6", "P5"],
    edits: [
      { file: "src/protocol/greeting.ts", from: `    if (order === "lower") return refused(`, to: `    if (order === "lower" && envelope.epoch.number < 0) return refused(` },
      { file: "src/protocol/greeting.ts", from: `  if (order === "lower") return { code: "fenced"`, to: `  if (order === "lower" && envelope.epoch.number < 0) return { code: "fenced"` },
    ],
  },
  {
    rule: "a rejoin takes back what the other log has not, and nothing else",
    checks: ["I1", "P2"],
    edits: [{ file: "src/protocol/rejoin.ts", from: "  if (equalAt === differAt) return takeBack(rejoin, equalAt)", to: "  if (equalAt === differAt) return takeBack(rejoin, Math.max(0, equalAt - 1))" }],
  },
  {
    rule: "a replica that may lack writes is not promoted",
    checks: ["P4", "I1", "I4"],
    edits: [{ file: promotion, from: `  if (lacking) return "it may lack writes that its primary has acknowledged"\n`, to: "" }],
  },
  {
    rule: "a replica that links to a primary that has gone on without it may lack writes",
    checks: ["P4", "I1", "I4"],
    edits: [{ file: "src/protocol/greeting.ts", from: `state.lacking || mode !== "paired" || committed > state.head ||`, to: "state.lacking ||" }],
  },
  {
    rule: "the end of solo is durable before the replica hears that it is in sync",
    checks: ["P4", "I1", "I4"],
    edits: [{ file: "src/protocol/sync.ts", from: `change: { mode: "paired", ...(state.lacking ? { lacking: false } : {}), ...decision } }]`, to: "change: decision }]" }],
  },
  {
    rule: "solo waits until the replica's reads are over",
    checks: ["P4"],
    edits: [{ file: "src/protocol/read-lease.ts", from: "return Math.ceil(leaseMs * clockDrift) + peerTimeoutMs", to: "return 0 * (leaseMs + peerTimeoutMs)" }],
  },
  {
    rule: "what is acknowledged alone is stored as committed",
    checks: ["I3", "I4", "I5"],
    edits: [{ file: "src/protocol/solo.ts", from: "decided: true", to: "decided: false" }],
  },
  {
    rule: "a rejoin takes back nothing that was committed here, unless an operator says so",
    checks: ["I1"],
    edits: [{ file: "src/protocol/rejoin.ts", from: "if (committed <= common || discard)", to: "if (committed <= common || own.head > 0)" }],
  },
]
