// What a command asks the other node for a node that is stopped: where its log stands, and the digests of its versions.
import type { Digest } from "../protocol/digest.ts"
import type { Epoch } from "../protocol/epoch.ts"
import type { Envelope, PeerRefusalCode, PositionAnswer, RefusedAnswer } from "../protocol/messages.ts"
import { type Question, type Questioned, questionEnvelope } from "../protocol/question.ts"
import type { DecodedAnswer } from "./peer-wire.ts"

export type AskQuestion = (envelope: Envelope, question: Question) => Promise<DecodedAnswer>

/** Where the other node's log stands, and whose it is. */
export interface PeerSide extends PositionAnswer {
  readonly node: string
  readonly epoch: Epoch
}

/** The peer answers, and says no. */
export class PeerRefused extends Error {
  readonly code: PeerRefusalCode

  constructor({ code, detail }: RefusedAnswer) {
    super(detail)
    this.name = "PeerRefused"
    this.code = code
  }
}

export class PeerQuestions {
  constructor(
    private readonly from: Pick<Questioned, "node" | "cluster" | "epoch" | "session">,
    private readonly ask: AskQuestion,
    private readonly monotonicMs: () => number,
  ) {}

  /** Rejects with PeerRefused, and with what `ask` rejects with. */
  async position(): Promise<PeerSide> {
    const { envelope, message } = await this.#answer({ kind: "position" })
    if (message.kind !== "position") throw new Error(`the peer answers position with ${message.kind}`)
    return { ...message, node: envelope.node, epoch: envelope.epoch }
  }

  /** Null where its log does not have that version. Rejects as `position` does. */
  async digest(version: number): Promise<Digest | null> {
    const { message } = await this.#answer({ kind: "digest", version })
    if (message.kind !== "digest" || message.version !== version) throw new Error(`the peer answers digest with ${message.kind}`)
    return message.digest
  }

  async #answer(question: Question): Promise<DecodedAnswer> {
    const answer = await this.ask(questionEnvelope(this.from, this.monotonicMs()), question)
    if (answer.message.kind === "refused") throw new PeerRefused(answer.message)
    return answer
  }
}
