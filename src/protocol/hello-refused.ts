// What a primary does about a replica that refuses its hello: it stops, or goes on asking.
import { rowsDifferHint } from "./checkpoint.ts"
import type { CoordinatorState, CoordinatorStep } from "./coordinator-state.ts"
import { fencedHint, locateRival, partedHint, stop } from "./divergence.ts"
import type { Envelope, PeerRefusalCode, RefusedAnswer } from "./messages.ts"
import { helloStep, lostWhileSyncing } from "./sync.ts"

/** What these lead to at the other node, they lead to only where it is told that it was heard: a hello may come late. */
const toBeProven: readonly PeerRefusalCode[] = ["wiped", "behind", "epoch-forked", "deposed"]

export function helloRefused(state: CoordinatorState, envelope: Envelope, answer: RefusedAnswer): CoordinatorStep {
  const { code, detail, log } = answer
  if (state.phase.name === "greeting" && log === undefined && toBeProven.includes(code)) {
    return helloStep({ ...state, peerSession: envelope.session, peerNode: envelope.node, link: envelope.link }, true)
  }
  switch (code) {
    case "itself":
    case "same-node":
      return stop(state, "foreign", detail, "check --node and --peer on both machines")
    case "foreign-cluster":
      if (state.head === 0) {
        return stop(state, "foreign", `this disk is empty, and the peer belongs to another cluster: ${detail}`, emptyPrimaryHint)
      }
      return stop(state, "foreign", detail, "check --peer, and that both data directories belong together")
    case "fenced":
      return stop(state, "fenced", detail, fencedHint)
    case "rows-differ":
      return stop(state, "damaged", detail, rowsDifferHint)
    case "epoch-forked":
      return log === undefined ? stop(state, "diverged", detail, partedHint) : locateRival(state, envelope.session, log)
    case "not-replica":
      return stop(state, "foreign", detail, "one node of a pair is the primary: start the other one with --role replica")
    // Of a pair the replica is upgraded first.
    case "protocol":
      return { ...lostWhileSyncing(state), effects: [{ effect: "notice", detail: `${detail}: upgrade the replica first` }] }
    // The peer may come round: a wiped node is started with --join, one that lags gets a newer disk, a session settles.
    case "wiped":
    case "behind":
      return { ...lostWhileSyncing(state), effects: [{ effect: "notice", detail: `the replica: ${detail}` }] }
    // Progress: the time limit is for silence, not for the amount there is to fetch.
    case "fetching":
      return lostWhileSyncing({ ...state, syncSinceMs: state.nowMs })
    case "no-copy":
    case "session":
    case "deposed":
    case "busy":
    case "stale-round":
    case "gap":
    case "in-doubt":
    case "damaged":
      return lostWhileSyncing(state)
    default:
      return code satisfies never
  }
}

const emptyPrimaryHint = "where this node's disk was lost, start it as the replica (--role replica --join) and run `tandem promote` at the other node; where both are new, start one of them with --role replica"
