// Keeps what clients asked of shared objects and what they were told, with the time by this process's clock, and checks it
// whenever the outcomes of all writes are known. What an object may be then is where the next history begins, so that no
// history grows for ever.
import { checkLinearizable } from "../linearizability/checker.ts"
import type { Model, Operation } from "../linearizability/history.ts"
import type { RealNode } from "./real-node.ts"
import { type Attempt, isBlind, PromiseBroken, type Told, type Witness } from "./witness.ts"

/** What an answer says of an object; undefined where it says nothing. */
export type OutputOf<Told, Output> = (told: Told) => Output | undefined

export type Conclusive = Exclude<Told, { readonly kind: "unknown" }>

export interface Seen {
  readonly status: number
  readonly body: unknown
}

/** Checks itself, and forgets what it has checked. */
interface Checked {
  check(): void
}

export class Recorder {
  /** Operations that were checked. */
  operations = 0
  readonly witness: Witness
  readonly #objects = new Set<Checked>()

  constructor(witness: Witness) {
    this.witness = witness
  }

  object<State, Input, Output>(name: string, model: Model<State, Input, Output>): Recorded<State, Input, Output> {
    const object = new Recorded(name, model, this.witness)
    const check = (): void => {
      this.operations += object.check()
      if (object.isOver) this.#objects.delete(checked)
    }
    const checked = { check }
    this.#objects.add(checked)
    return object
  }

  /** Once the witness knows every outcome. */
  check(): void {
    for (const object of [...this.#objects]) object.check()
  }
}

export class Recorded<State, Input, Output> {
  /** Nobody will use it again. */
  isOver = false
  readonly name: string
  readonly #model: Model<State, Input, Output>
  readonly #witness: Witness
  readonly #writes = new Map<string, { readonly client: string; readonly input: Input; readonly outputOf: OutputOf<Conclusive, Output> }>()
  readonly #others: Operation<Input, Output>[] = []
  readonly #reads: Record<"primary" | "replica", Operation<Input, Output>[]> = { primary: [], replica: [] }
  #late: Operation<Input, Output>[] = []
  /** What it may be, by those who answer reads. */
  readonly #states: Record<"primary" | "replica", readonly State[]>

  constructor(name: string, model: Model<State, Input, Output>, witness: Witness) {
    this.name = name
    this.#model = model
    this.#witness = witness
    this.#states = { primary: [model.initial], replica: [model.initial] }
  }

  /** What became of it is known when the witness knows it: it may be tried again, by whomever. */
  writes(client: string, key: string, input: Input, outputOf: OutputOf<Conclusive, Output>): void {
    this.#writes.set(key, { client, input, outputOf })
  }

  /** An operation of which everything is known that will ever be. */
  add(operation: Operation<Input, Output>): void {
    this.#others.push(operation)
  }

  /** What it said, where it said something. */
  async read(client: string, node: RealNode, path: string, input: Input, outputOf: OutputOf<Seen, Output>, init: RequestInit = {}): Promise<Output | undefined> {
    const askedMs = performance.now()
    const answer = await node.ask(path, init)
    if (answer === undefined) return undefined
    const answeredMs = performance.now()
    if (answer.status === 503) return undefined
    const output = outputOf({ status: answer.status, body: JSON.parse(answer.text) })
    if (output === undefined) return undefined
    const role = roleOf(answer.headers)
    const isStale = answer.headers.get("tandem-stale") !== null
    if (isStale && role === "primary") throw new PromiseBroken(`P4: ${path} at ${node.url} may be stale: ${answer.status} ${answer.text}`)
    // What says so of itself may be from any time before, but it must have been so.
    if (isStale) this.#late.push({ client: `${client} at a cut-off replica`, input, output, askedMs: Number.NEGATIVE_INFINITY, answeredMs })
    else this.#reads[role].push({ client: `${client} at the ${role}`, input, output, askedMs, answeredMs })
    return output
  }

  /** How many operations were checked. */
  check(): number {
    const writes = [...this.#known(), ...this.#others]
    const { primary, replica } = this.#reads
    const behind = replica.map((read) => ({ ...read, askedMs: lastAcknowledgedBefore(read.askedMs, writes) }))
    const operations = writes.length + primary.length + replica.length + this.#late.length
    // A replica shows what the primary has shown or could have, in its own time: it may lag, and is never ahead.
    this.#states.primary = this.#explained("primary", [...writes, ...primary, ...behind, ...this.#late])
    this.#states.replica = this.#explained("replica", [...writes, ...replica])
    this.#writes.clear()
    this.#others.length = 0
    this.#late = []
    this.#reads.primary = []
    this.#reads.replica = []
    return operations
  }

  #known(): Operation<Input, Output>[] {
    return [...this.#writes].flatMap(([key, { client, input, outputOf }]) => {
      const attempt = this.#witness.attemptAt(key)
      if (attempt.told.kind === "unknown") throw new Error(`the outcome of ${key} is not known yet`)
      if (attempt.told.kind === "refused" && isBlind(attempt.told)) return []
      const output = outputOf(attempt.told)
      return output === undefined ? [] : [{ client, input, output, ...timesOf(attempt) }]
    })
  }

  #explained(by: "primary" | "replica", history: readonly Operation<Input, Output>[]): readonly State[] {
    return checkLinearizable(`${this.name} at the ${by}`, this.#model, history, this.#states[by])
  }
}

/** A commit may be of any attempt; a refusal is of the last, since those before it left nothing. */
function timesOf({ told, askedMs, lastAskedMs, answeredMs }: Attempt): { readonly askedMs: number; readonly answeredMs: number } {
  return { askedMs: told.kind === "acknowledged" ? askedMs : lastAskedMs, answeredMs }
}

/** From then on the replica must know of it (P4). */
function lastAcknowledgedBefore(askedMs: number, writes: readonly Operation<unknown, unknown>[]): number {
  let lastMs = Number.NEGATIVE_INFINITY
  for (const { answeredMs } of writes) if (answeredMs < askedMs && answeredMs > lastMs) lastMs = answeredMs
  return lastMs
}

function roleOf(headers: Headers): "primary" | "replica" {
  const role = headers.get("tandem-role")
  if (role !== "primary" && role !== "replica") throw new Error(`an answer of a ${role}`)
  return role
}
