// What a primary answers to a node that takes it for its replica: two nodes that both lead have to find out which one is right.
import type { CoordinatorEvent, CoordinatorState } from "./coordinator-state.ts"
import { toldApart } from "./divergence.ts"
import { compareEpoch } from "./epoch.ts"
import type { Answer, Envelope, PeerRefusalCode, Request } from "./messages.ts"

export function answerRival(state: CoordinatorState, envelope: Envelope, request: Request): Answer {
  // Asked again by the primary that handed over to this node, and has not heard the answer.
  if (request.kind === "handover" && envelope.cluster === state.cluster && compareEpoch(state.epoch, request.epoch) === "same") {
    return { kind: "took-over", epoch: state.epoch }
  }
  const code = whyNoReplica(state, envelope)
  if (code === "epoch-forked" && request.kind === "diverged" && envelope.peerSession === state.session) return { kind: "diverged" }
  const detail = `node ${state.node} is the primary of epoch ${state.epoch.number}`
  return { kind: "refused", of: request.kind, code, detail, ...(code === "epoch-forked" ? { log: { start: state.logStart, head: state.head } } : {}) }
}

/** What follows for the one that answered, once the answer has left: only of what quotes this process, since the rest may come late (I6). */
export function afterRival(state: CoordinatorState, envelope: Envelope, request: Request, answer: Answer): CoordinatorEvent | undefined {
  if (envelope.peerSession !== state.session) return undefined
  if (answer.kind === "diverged" && request.kind === "diverged") return { event: "told-apart", detail: toldApart(state, request) }
  return answer.kind === "refused" && answer.code === "deposed" ? { event: "deposed", epoch: envelope.epoch } : undefined
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
