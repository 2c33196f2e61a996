// What either node may ask the other at any time: where its log stands, and the digest of a version. Any node of the cluster
// answers, whatever its role and epoch and whoever asks; it belongs to no link. A question never changes anything (I6).
import type { Digest } from "./digest.ts"
import type { LogPosition } from "./effect.ts"
import type { Epoch } from "./epoch.ts"
import { type Answer, type DigestRequest, type Envelope, type PeerRefusalCode, type PeerRequest, type PositionAnswer, type PositionRequest, protocolVersion } from "./messages.ts"
import type { Mode } from "./reign.ts"

export type Question = PositionRequest | DigestRequest

/** The node that is asked, as its disk has it. */
export interface Questioned {
  readonly node: string
  /** Null until this disk belongs to a pair. */
  readonly cluster: string | null
  readonly epoch: Epoch
  readonly session: string
  readonly role: PositionAnswer["role"]
  readonly mode: Mode
  readonly lacking: boolean
  readonly position: LogPosition
  readonly logStart: number
  readonly digest: (version: number) => Digest | undefined
}

/** A digest is asked for within a link, too; then it quotes a session. */
export function isQuestion(envelope: Envelope, request: PeerRequest): request is Question {
  return request.kind === "position" || (request.kind === "digest" && envelope.peerSession === null)
}

/** The envelope of a question: it quotes no session and no link. */
export function questionEnvelope(own: Pick<Questioned, "node" | "cluster" | "epoch" | "session">, sentAtMs: number): Envelope {
  const { node, cluster, epoch, session } = own
  return { protocol: protocolVersion, cluster, node, epoch, session, peerSession: null, link: 0, sentAtMs }
}

export function answerQuestion(asked: Questioned, envelope: Envelope, question: Question): { readonly envelope: Envelope; readonly answer: Answer } {
  const reply: Envelope = { ...questionEnvelope(asked, envelope.sentAtMs), peerSession: envelope.session }
  const stranger = whyUnasked(asked, envelope)
  return { envelope: reply, answer: stranger === undefined ? answerOf(asked, question) : { kind: "refused", of: question.kind, ...stranger } }
}

function answerOf({ role, mode, lacking, position, logStart, digest }: Questioned, question: Question): Answer {
  switch (question.kind) {
    case "position": {
      const { head, headDigest, committed } = position
      return { kind: "position", role, mode, lacking, head, headDigest, committed, logStart }
    }
    case "digest":
      return { kind: "digest", version: question.version, digest: digest(question.version) ?? null }
    default:
      return question satisfies never
  }
}

/** Why a question is not for this node to answer, if so. */
export function whyUnasked(asked: Questioned, envelope: Envelope): { readonly code: PeerRefusalCode; readonly detail: string } | undefined {
  if (envelope.protocol !== protocolVersion) {
    return { code: "protocol", detail: `this node speaks protocol ${protocolVersion}, the caller ${envelope.protocol}` }
  }
  if (envelope.session === asked.session) return { code: "itself", detail: "the peer address leads back to the caller" }
  if (envelope.node === asked.node) return { code: "same-node", detail: `both nodes are named ${asked.node}; give each its own --node` }
  if (asked.cluster === null) return { code: "foreign-cluster", detail: "this node's disk is empty, and belongs to no cluster" }
  if (envelope.cluster === asked.cluster) return undefined
  return { code: "foreign-cluster", detail: `this node belongs to cluster ${asked.cluster}, the caller to ${envelope.cluster ?? "none"}` }
}
