// What a primary answers to a node that takes it for its replica: two nodes that both lead have to find out which one is right.
import type { CoordinatorState } from "./coordinator-state.ts"
import { compareEpoch } from "./epoch.ts"
import type { Answer, Envelope, PeerRefusalCode, Request } from "./messages.ts"

export function answerRival(state: CoordinatorState, envelope: Envelope, request: Request): Answer {
  // Asked again by the primary that handed over to this node, and has not heard the answer.
  if (request.kind === "handover" && envelope.cluster === state.cluster && compareEpoch(state.epoch, request.epoch) === "same") {
    return { kind: "took-over", epoch: state.epoch }
  }
  const detail = `node ${state.node} is the primary of epoch ${state.epoch.number}`
  return { kind: "refused", of: request.kind, code: whyNoReplica(state, envelope), detail }
}

function whyNoReplica({ session, cluster, epoch }: CoordinatorState, envelope: Envelope): PeerRefusalCode {
  if (envelope.session === session) return "itself"
  if (envelope.cluster !== cluster) return "foreign-cluster"
  const order = compareEpoch(epoch, envelope.epoch)
  switch (order) {
    case "lower":
      return "fenced"
    case "higher":
      return "deposed"
    case "forked":
      return "epoch-forked"
    case "same":
      return "not-replica"
    default:
      return order satisfies never
  }
}
