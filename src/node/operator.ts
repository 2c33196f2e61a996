// What an operator may decide about a node's role and mode: promote, solo, handover. Each does what it says, or says what the state is and
// what would be right. The decisions themselves are the protocol's.
import { setTimeout as sleep } from "node:timers/promises"
import { bounds } from "../bounds.ts"
import { atWork, handedOver } from "../protocol/decisions.ts"
import type { Epoch } from "../protocol/epoch.ts"
import { noPairYet } from "../protocol/promotion.ts"
import type { Decision } from "../protocol/reign.ts"
import { type Refusal, refuse } from "../refusal.ts"
import type { Store } from "../store/store.ts"
import type { RoleDriver } from "./role-driver.ts"
import type { Asked, PromoteDecision, SoloDecision, Standing } from "./service.ts"
import type { Snapshots } from "./snapshots.ts"

export interface OperatorParts {
  readonly store: Store
  readonly newSession: () => string
  readonly monotonicMs: () => number
  readonly role: () => RoleDriver
  readonly standing: () => Standing
  readonly snapshots: Pick<Snapshots, "fetching" | "cancelFetch">
  /** Whether a decision is not in the log yet. */
  readonly decisionPending: () => boolean
}

export class Operator {
  readonly #parts: OperatorParts
  /** From now on nothing new is accepted, so that what was accepted can be finished. */
  handingOver = false

  constructor(parts: OperatorParts) {
    this.#parts = parts
  }

  /** Makes this replica the primary, or says why not. */
  async promote({ solo, force, by, reason }: PromoteDecision): Promise<Standing | Refusal> {
    if (this.#parts.store.identity().role === "primary") return refuse("wrong-state", `${this.#named()} already.`, { hint: "`tandem solo on` lets a primary take writes without a replica." })
    const { snapshots } = this.#parts
    if (snapshots.fetching !== null && !force) return refuse("wrong-state", `${this.#named()}, and is not promoted: it fetches a copy of its primary's data, and may lack what was acknowledged until it has it.`, { hint: promoteHint })
    snapshots.cancelFetch()
    const decision: Decision = { what: solo ? "promote-solo" : "promote", by, reason, forced: force }
    const why = await this.#afterWork(() => this.#parts.role().replica?.promote(this.#nextEpoch(), solo ? "solo" : "alone", decision))
    if (why !== undefined) return refuse("wrong-state", `${this.#named()}, and is not promoted: ${why}.`, { hint: why === noPairYet ? "A running primary fills it, where it is started with --join." : promoteHint })
    // So that whoever hears this can write at once. Where it waits for a replica nothing is logged yet.
    if (solo) await this.#decisionsLogged()
    return this.#parts.standing()
  }

  /** Begins, or ends, that this primary acknowledges what is on its own disk only; or says why not. */
  async solo({ on, force, by, reason }: SoloDecision): Promise<Standing | Refusal> {
    if (this.#parts.role().primary === undefined) return refuse("wrong-state", `${this.#named()}: only a primary can be solo.`, { hint: "`tandem promote --solo` makes it the primary." })
    const decision: Decision = { what: on ? "solo" : "paired", by, reason, forced: on && force }
    const why = await this.#afterWork(() => this.#parts.role().primary?.setMode(on ? "solo" : "alone", decision))
    if (why !== undefined) return refuse("wrong-state", `${this.#named()}, and its mode stays ${this.#parts.standing().mode}: ${why}.`, why === handedOver ? { hint: "Look at the other node first. `--force` skips this: where that is gone for good, with what it may have acknowledged." } : {})
    if (on) await this.#decisionsLogged()
    return this.#parts.standing()
  }

  /** Lets the replica take this primary's place, with everything that was acknowledged; or says why not. */
  async handover({ by, reason }: Asked): Promise<Standing | Refusal> {
    if (this.#parts.role().primary === undefined) return refuse("wrong-state", `${this.#named()}: the primary hands over.`, { hint: this.#askPrimary() })
    if (this.handingOver) return refuse("wrong-state", `${this.#named()}, and is handing over already.`)
    this.handingOver = true
    const why = await this.#afterWork(() => ((this.#parts.role().writer?.pending ?? 0) > 0 ? Promise.resolve(atWork) : this.#parts.role().primary?.handOver(this.#nextEpoch(), { what: "handover", by, reason, forced: false })))
    this.handingOver = false
    return why === undefined ? this.#parts.standing() : refuse("wrong-state", `${this.#named()}, and does not hand over: ${why}.`)
  }

  /** Drawn when it is asked for: what the node was at work on may have been a later epoch than it knew. */
  #nextEpoch(): Epoch {
    return { number: this.#parts.store.identity().epoch.number + 1, id: this.#parts.newSession() }
  }

  /** Again and again while the node is only at work; gives why nothing came of it, if so. */
  async #afterWork(decide: () => Promise<string | undefined> | undefined): Promise<string | undefined> {
    const { monotonicMs } = this.#parts
    for (const untilMs = monotonicMs() + bounds.drainMs; ; await sleep(bounds.tickMs / 20)) {
      const why = await decide()
      if (why !== atWork || monotonicMs() >= untilMs) return why
    }
  }

  async #decisionsLogged(): Promise<void> {
    const { decisionPending, monotonicMs } = this.#parts
    const untilMs = monotonicMs() + bounds.versionWaitMs
    while (decisionPending() && monotonicMs() < untilMs) await sleep(bounds.tickMs / 10)
  }

  #askPrimary(): string {
    const { primary } = this.#parts.standing()
    return primary === undefined ? "Ask the primary." : `Ask the primary, ${primary}.`
  }

  #named(): string {
    const { node, role, epoch } = this.#parts.standing()
    return `Node ${node} is the ${role} of epoch ${epoch.number}`
  }
}

const promoteHint = "Where the primary runs, `tandem handover` there changes the roles of both. `--force` skips this: where the old primary is gone for good, and what it may have shown or acknowledged alone may be lost."
