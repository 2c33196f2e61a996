// Asks the other node, and hands in what came of it: its answer, or that there will be none. Says once why it cannot be talked to.
import type { Answer, Envelope, Request } from "../protocol/messages.ts"
import { failpoint } from "../runtime/failpoint.ts"
import { whyUnreachable } from "../runtime/why-unreachable.ts"
import type { DecodedAnswer } from "./peer-wire.ts"

export interface PeerAskerParts {
  readonly client: { ask(envelope: Envelope, request: Request): Promise<DecodedAnswer> }
  readonly notice: (line: string) => void
  readonly answered: (envelope: Envelope, answer: Answer) => void
  readonly lost: (kind: Request["kind"]) => void
}

export class PeerAsker {
  readonly #parts: PeerAskerParts
  #lastTrouble = ""

  constructor(parts: PeerAskerParts) {
    this.#parts = parts
  }

  ask(envelope: Envelope, request: Request): void {
    if (request.kind === "prepare") failpoint("primary.send-prepare.before")
    if (request.kind === "commit") failpoint("primary.send-commit.before")
    if (request.kind === "handover") failpoint("primary.handover.before")
    const asked = this.#parts.client.ask(envelope, request)
    if (request.kind === "prepare") failpoint("primary.send-prepare.after")
    if (request.kind === "commit") failpoint("primary.send-commit.after")
    asked.then(
      ({ envelope: from, message }) => {
        if (message.kind === "vote") failpoint("primary.vote-received")
        if (message.kind === "committed") failpoint("primary.commit-confirmed")
        this.#lastTrouble = ""
        this.#parts.answered(from, message)
      },
      (error: unknown) => {
        this.#trouble(error)
        this.#parts.lost(request.kind)
      },
    )
  }

  /** Once per reason, until it answers again. */
  #trouble(error: unknown): void {
    const line = whyUnreachable(error)
    if (line === this.#lastTrouble) return
    this.#lastTrouble = line
    this.#parts.notice(`the replica does not answer: ${line}`)
  }
}
