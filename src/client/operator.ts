// `service.operator`: what is decided about the roles of the two nodes, asked of one node. Needs a key with scope `admin`.
import type { CallOptions, Transport } from "./transport.ts"

export interface Decided {
  readonly node: string
  readonly role: "primary" | "replica"
  readonly epoch: { readonly number: number; readonly id: string }
  readonly mode: "paired" | "solo"
  readonly head: number
  readonly committed: number
  /** Where the primary is reached, as far as that node knows. */
  readonly primary: string | null
}

export interface DecisionOptions extends CallOptions {
  /** Why: it is kept in the log. */
  readonly reason?: string | undefined
}

export interface SoloOptions extends DecisionOptions {
  /** Also where it was handing over, and the other node may have become the primary. */
  readonly force?: boolean | undefined
}

export interface PromoteOptions extends DecisionOptions {
  /** Take writes that are on its own disk only, until a replica is in sync. */
  readonly solo?: boolean | undefined
  /** Also where the old primary may still answer reads, or where the node may lack writes that were acknowledged. */
  readonly force?: boolean | undefined
}

export class Operator {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Makes the replica at `url` the primary, after the other node is gone. */
  promote({ solo, force, reason, ...call }: PromoteOptions = {}): Promise<Decided> {
    return this.#decide("/node/promote", { solo, force, reason }, call)
  }

  /** Lets the primary acknowledge writes that are on its own disk only, or ends that. */
  solo(on: boolean, { force, reason, ...call }: SoloOptions = {}): Promise<Decided> {
    return this.#decide("/node/solo", { on, force, reason }, call)
  }

  /** Lets the replica take the primary's place. */
  handover({ reason, ...call }: DecisionOptions = {}): Promise<Decided> {
    return this.#decide("/node/handover", { reason }, call)
  }

  async #decide(path: string, body: object, call: CallOptions): Promise<Decided> {
    const answer = await this.#transport.once({ ...call, method: "POST", path, body: JSON.stringify(body), first: "primary" })
    return answer.json as Decided
  }
}
