// Two primaries of one epoch number, driven by hand: each takes the other one for its replica, until they have found out.
import { clockedAt, type CoordinatorEvent, type CoordinatorState, startCoordinator } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import type { Effect } from "../../src/protocol/effect.ts"
import { type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import { answerQuestion, isQuestion, type Questioned } from "../../src/protocol/question.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { afterRival, answerRival } from "../../src/protocol/rival.ts"
import { positionOf } from "./chain.ts"
import { effectText } from "./effect-text.ts"
import { timing } from "./pair.ts"

type Name = "a" | "b"

export class Rivals {
  readonly states: { [Side in Name]: CoordinatorState }
  readonly lines: string[] = []
  /** Whether b says anything. */
  silent = false
  nowMs = 0
  readonly #logs: { readonly [Side in Name]: readonly SealedRecord[] }

  constructor(logs: { readonly [Side in Name]: readonly SealedRecord[] }) {
    this.#logs = logs
    const start = (node: Name): CoordinatorState =>
      startCoordinator({ ...positionOf(logs[node]), node, cluster: "c", epoch: { number: 2, id: `promoted ${node}` }, mode: "alone", lacking: false, session: `session of ${node}`, publicUrl: "", timing, logStart: 1, nowMs: 0 })
    this.states = { a: start("a"), b: start("b") }
  }

  /** a asks, and goes on until it waits for time to pass. */
  tick(afterMs = 100): void {
    this.nowMs += afterMs
    this.#step("a", { event: "tick" })
  }

  read(): string {
    return this.lines.splice(0).join("\n").replace(/\b([0-9a-f]{6})[0-9a-f]{58}\b/g, "$1…")
  }

  #step(node: Name, event: CoordinatorEvent): void {
    const step = stepCoordinator(clockedAt(this.states[node], this.nowMs), event)
    this.states[node] = step.state
    for (const effect of step.effects) this.#carryOut(node, effect)
  }

  #carryOut(node: Name, effect: Effect): void {
    this.lines.push(effectText(node, effect))
    if (effect.effect === "ask") this.#ask(effect.request)
    if (effect.effect === "read-digest") this.#step(node, { event: "own-digest", version: effect.version, digest: this.#logs[node][effect.version - 1]?.digest ?? new Uint8Array(32) })
  }

  #envelope({ node, cluster, epoch, session, peerSession, link }: CoordinatorState): Envelope {
    return { protocol: protocolVersion, cluster, node, epoch, session, peerSession, link, sentAtMs: this.nowMs }
  }

  #ask(request: Request): void {
    if (this.silent) {
      this.#step("a", { event: "lost", kind: request.kind })
      return
    }
    const [asker, asked] = [this.states.a, this.states.b]
    const envelope = this.#envelope(asker)
    if (isQuestion(envelope, request)) {
      const answered = answerQuestion(this.#questioned(), envelope, request)
      this.#step("a", { event: "answer", ...answered })
      return
    }
    const answer = answerRival(asked, envelope, request)
    const event = afterRival(asked, envelope, request, answer)
    this.#step("a", { event: "answer", envelope: { ...this.#envelope(asked), peerSession: asker.session }, answer })
    if (event !== undefined) this.#step("b", event)
  }

  #questioned(): Questioned {
    const { node, cluster, epoch, session, mode, head, headDigest, committed, logStart } = this.states.b
    return { node, cluster, epoch, session, role: "primary", mode, lacking: false, position: { head, headDigest, committed }, logStart, digest: (version) => this.#logs.b[version - 1]?.digest }
  }
}
