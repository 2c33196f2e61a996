// Whom a participant listens to: the hello that opens a link, and the guards that keep every other message out (I6).
import { rowsDifferHint, whyRowsDiffer } from "./checkpoint.ts"
import { compareEpoch, type Epoch } from "./epoch.ts"
import { partedHint } from "./divergence.ts"
import type { Effect, IdentityChange, Stop } from "./effect.ts"
import { invariant } from "./invariant.ts"
import { type Envelope, type HelloRequest, isSpoken, type PeerRefusalCode, protocolVersion } from "./messages.ts"
import { type IncomingRequest, type ParticipantState, type ParticipantStep, refused } from "./participant-state.ts"
import { identify } from "./promotion.ts"

/** Who the caller is, and where both logs stand; with `open`, from now on only messages of this link count. */
export function hello(state: ParticipantState, incoming: IncomingRequest, request: HelloRequest): ParticipantStep {
  const { envelope } = incoming
  if (!isSpoken(envelope.protocol)) {
    return refused(state, incoming, "protocol", `this node speaks protocol ${protocolVersion}, the caller ${envelope.protocol}`)
  }
  if (envelope.session === state.session) return refused(state, incoming, "itself", "the peer address leads back to the caller")
  if (envelope.node === state.node) {
    return refused(state, incoming, "same-node", `both nodes are named ${state.node}; give each its own --node`)
  }
  if (envelope.cluster === null) return refused(state, incoming, "foreign-cluster", "the caller belongs to no cluster")
  if (state.cluster === null) {
    if (request.head > 0 && !state.joining) {
      const detail = `this disk is empty, and the primary has ${request.head} versions: a node that lost its disk is only filled when started with --join`
      return stopping(state, incoming, "wiped", { effect: "stop", reason: "foreign", detail, hint: "start this node with --join to fill it from its primary" })
    }
  } else {
    if (state.cluster !== envelope.cluster) {
      return refused(state, incoming, "foreign-cluster", `this node belongs to cluster ${state.cluster}, the caller to ${envelope.cluster}`)
    }
    const order = compareEpoch(state.epoch, envelope.epoch)
    if (order === "lower") return refused(state, incoming, "fenced", `this node has seen epoch ${state.epoch.number}`)
    if (order === "forked") return stopping(state, incoming, "epoch-forked", { effect: "stop", reason: "diverged", detail: `the primary and its replica know two reigns of epoch ${state.epoch.number}, each begun without the other; \`tandem rejoin\` names the last version that both logs have`, hint: partedHint })
  }
  if (isBehind(state, request)) return state.cluster === null || state.lacking || !isProven(state, incoming) ? behind(state, incoming, request) : identify(state, incoming, { lacking: true })
  if (!request.open) return { state, effects: [helloReply(state, incoming.ticket, false, state.cluster === null)] }
  const stale = whyStaleLink(state, envelope)
  if (stale) return refused(state, incoming, "session", stale)
  const differ = whyRowsDiffer(incoming.checkpoint, request.checkpoint)
  if (differ !== undefined) return rowsDiffer(state, incoming, differ)
  const change = learnt(state, envelope.cluster, envelope.epoch, request)
  if (change === undefined) return openLink(state, incoming, request, false)
  return identify(state, incoming, change)
}

/** What this disk had to learn of the hello is durable. `fresh`: it belonged to no pair before. */
export function greeted(state: ParticipantState, incoming: IncomingRequest, request: HelloRequest, fresh: boolean): ParticipantStep {
  return isBehind(state, request) ? behind(state, incoming, request) : openLink(state, incoming, request, fresh)
}

/** What has to be durable before the link opens: whose replica this is, how long its lease may run, and whether it has acknowledged writes alone. */
function learnt(state: ParticipantState, cluster: string, epoch: Epoch, { head, committed, mode = "paired", leaseMs = 0 }: HelloRequest): IdentityChange | undefined {
  const isNew = state.cluster === null || state.epoch.number < epoch.number
  const lacking = state.lacking || mode !== "paired" || committed > state.head || (state.cluster === null && head > 0)
  if (!isNew && lacking === state.lacking && leaseMs <= state.leaseMs) return undefined
  return { cluster, epoch, ...(lacking === state.lacking ? {} : { lacking }), ...(leaseMs <= state.leaseMs ? {} : { leaseMs }) }
}

/** Which of the two is wrong nobody can say here: both stop. */
export function rowsDiffer(state: ParticipantState, incoming: IncomingRequest, detail: string): ParticipantStep {
  return stopping(state, incoming, "rows-differ", { effect: "stop", reason: "damaged", detail, hint: rowsDifferHint })
}

/** Whether the caller has heard this very process. What was said to one before may come late: it is refused, and nothing follows from it (I6). */
function isProven({ session }: ParticipantState, { envelope }: IncomingRequest): boolean {
  return envelope.peerSession === session
}

function stopping(state: ParticipantState, incoming: IncomingRequest, code: PeerRefusalCode, stop: Stop): ParticipantStep {
  const { effects } = refused(state, incoming, code, stop.detail)
  return { state, effects: isProven(state, incoming) ? [...effects, stop] : effects }
}

/** What this log lacks next, the primary's has no more. */
function isBehind({ head }: ParticipantState, { logStart }: HelloRequest): boolean {
  return head + 1 < logStart
}

/** Only a whole copy helps, which is not fetched unasked, as it takes the place of what is here. */
function behind(state: ParticipantState, incoming: IncomingRequest, request: HelloRequest): ParticipantStep {
  const { cluster, epoch, protocol } = incoming.envelope
  const lacks = state.head === 0 ? "this disk is empty" : `this node's log ends at version ${state.head}`
  const detail = `${lacks}, and the primary's log begins at ${request.logStart}: it was trimmed, and what lies between is gone`
  if (state.joining && cluster !== null && protocol === protocolVersion && isProven(state, incoming)) {
    const { effects } = refused(state, incoming, "fetching", `${detail}; fetching a copy`)
    return { state, effects: [...effects, { effect: "fetch-snapshot", cluster, epoch }] }
  }
  return stopping(state, incoming, "behind", { effect: "stop", reason: "foreign", detail, hint: "start this node with --join: then it fetches a copy of its primary's data, which takes the place of its own (kept beside it, where that is of an earlier reign)" })
}

/** From here on only messages of this link change anything (I6). */
export function openLink(state: ParticipantState, incoming: IncomingRequest, request: HelloRequest, fresh: boolean): ParticipantStep {
  invariant(compareEpoch(state.epoch, incoming.envelope.epoch) === "same", "I6", "a link of another epoch would be opened")
  invariant(state.cluster === incoming.envelope.cluster, "I6", "a link of another cluster would be opened")
  const opened: ParticipantState = {
    ...state,
    link: state.link + 1,
    peerSession: incoming.envelope.session,
    peerNode: incoming.envelope.node,
    primaryUrl: request.publicUrl,
    lastRound: null,
    inSync: false,
    // What was acknowledged without this node must not be missed by who reads here.
    synced: state.synced && !state.lacking,
    linkLeaseMs: request.leaseMs ?? state.leaseMs,
  }
  return { state: opened, effects: [helloReply(opened, incoming.ticket, true, fresh)] }
}

function helloReply(state: ParticipantState, ticket: number, opened: boolean, fresh: boolean): Effect {
  const { link, head, headDigest, committed, logStart } = state
  return { effect: "reply", ticket, answer: { kind: "hello", opened, link, fresh, head, headDigest, committed, logStart } }
}

/** The envelope of an answer. It repeats what tells the asker which of its requests, of which link, this is about. */
export function envelopeOfAnswer(state: ParticipantState, asked: Envelope): Envelope {
  const { cluster, node, epoch, session } = state
  const link = asked.peerSession === session ? asked.link : 0
  return { protocol: isSpoken(asked.protocol) ? asked.protocol : protocolVersion, cluster, node, epoch, session, peerSession: asked.session, link, sentAtMs: asked.sentAtMs }
}

/** Another cluster, another protocol or a lower epoch: such a message changes nothing (I6). */
export function whyStranger(state: ParticipantState, envelope: Envelope): { code: PeerRefusalCode; detail: string } | undefined {
  if (!isSpoken(envelope.protocol)) return { code: "protocol", detail: `this node speaks protocol ${protocolVersion}` }
  // An empty disk knows no cluster; with hello both nodes find out whether it was wiped.
  if (state.cluster === null) return { code: "session", detail: "say hello first: this node belongs to no cluster" }
  if (envelope.cluster !== state.cluster) return { code: "foreign-cluster", detail: `this node belongs to cluster ${state.cluster}` }
  const order = compareEpoch(state.epoch, envelope.epoch)
  if (order === "lower") return { code: "fenced", detail: `this node has seen epoch ${state.epoch.number}` }
  if (order !== "same") return { code: "session", detail: "say hello first: this epoch is new here" }
  return undefined
}

/** Why a message is not of the session that opened the newest link. */
export function whyStaleSender(state: ParticipantState, envelope: Envelope): string | undefined {
  return whyStaleLink(state, envelope) ?? (envelope.session === state.peerSession ? undefined : "another session opened this link")
}

/** Why a message does not name the newest link, or does not quote this session. */
export function whyStaleLink(state: ParticipantState, envelope: Envelope): string | undefined {
  if (envelope.peerSession !== state.session) return "this node has started anew since; say hello again"
  if (envelope.link !== state.link) return `link ${envelope.link} is not the newest (${state.link})`
  return undefined
}
