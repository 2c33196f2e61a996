// The branches of src/protocol that nothing reaches, and why: said in docs/PROOF.md, and compared with what is measured.
import type { Branch } from "./branches.ts"

export interface Unreached extends Branch {
  readonly why: string
}

const indexed = "The type of what an array or a digest search gives has an undefined that cannot come."
const knownPeer = "In these phases the other log is known; the type of the state cannot say so."

export const unreached: readonly Unreached[] = [
  { file: "coordinator.ts", text: "return round.vote === null ? { state, effects: [] } : roundSettledWhileSending(state, round, round.vote)", why: "While the other log is sent what it lacks, only its vote brings a round here." },
  { file: "coordinator.ts", text: "const peer = state.peer === null ? null : { ...state.peer, head: answer.head, committed: answer.committed }", why: knownPeer },
  { file: "coordinator.ts", text: "const known = peer === null ? null : { ...peer, head: Math.max(peer.head, version), committed: Math.max(peer.committed, version) }", why: knownPeer },
  { file: "coordinator.ts", text: 'const commitAsk = unconfirmed.length === 0 ? "none" : state.commitAsk', why: "The vote on a batch confirms the one before it, so no second one waits beside it." },
  { file: "divergence.ts", text: "const from = Math.max(state.logStart, state.peer?.logStart ?? 1) - 1", why: knownPeer },
  { file: "divergence.ts", text: 'if (version === undefined) throw new Error("nothing left to compare")', why: indexed },
  { file: "divergence.ts", text: 'if (ownDigest === undefined || peerDigest === undefined) throw new Error("a search ended without digests")', why: indexed },
  { file: "participant.ts", text: "default:", why: "No other request has waited for a change of identity." },
  { file: "participant.ts", text: 'if (last === undefined) throw new Error("a batch without records")', why: indexed },
  { file: "participant.ts", text: "first: request.records[0]?.version ?? head,", why: indexed },
  { file: "record.ts", text: "const length = lengths[next++] ?? 0", why: indexed },
  { file: "record.ts", text: "const collection = lengths[next++] ?? 0", why: indexed },
  { file: "record.ts", text: "const id = lengths[next++] ?? 0", why: indexed },
  { file: "record.ts", text: "if (((bytes[at.flags] ?? 0) & ~flagKey) !== 0) throw new RecordDamaged(`it has unknown flags, ${bytes[at.flags]}`)", why: indexed },
  { file: "record.ts", text: "if (((buffer[at.flags] ?? 0) & flagKey) === 0) return undefined", why: indexed },
  { file: "recovery.ts", text: 'const own = search.ownDigest ? digestText(search.ownDigest) : "unknown"', why: indexed },
  { file: "recovery.ts", text: 'const peer = search.peerDigest ? digestText(search.peerDigest) : "unknown"', why: indexed },
  { file: "sync.ts", text: 'if (peer === null) throw new Error("no peer to compare with")', why: knownPeer },
  { file: "sync.ts", text: 'if (phase.name !== "sending" || !phase.loading || records[0]?.version !== (peer?.head ?? 0) + 1) return { state, effects: [] }', why: knownPeer },
  { file: "sync.ts", text: 'invariant(continuesLog(peer?.head ?? 0, peer?.headDigest ?? genesisDigest, records), "I4", "what would be sent does not follow on the replica\'s log")', why: knownPeer },
  { file: "sync.ts", text: "const logStart = state.peer?.logStart ?? 1", why: knownPeer },
  { file: "sync.ts", text: "if (adopted === null) return { state, effects: [] }", why: "Nothing is saved but a round, a batch of a solo primary, and what is adopted." },
  { file: "sync.ts", text: "const peer = state.peer === null ? null : { ...state.peer, head: state.head, headDigest: state.headDigest, committed: state.head }", why: knownPeer },
]
