// What one client can do: write, with as many tries as it has patience for, at whichever node takes writes; and look at either
// node. Each write has a key of its own.
import type { Random } from "../sim/random.ts"
import type { RealNode } from "./real-node.ts"
import type { RealPair } from "./real-pair.ts"
import type { Recorded, OutputOf, Conclusive, Seen } from "./recorder.ts"
import { isBlind, type Told, type Witness } from "./witness.ts"

export class Hands {
  readonly name: string
  readonly random: Random
  readonly witness: Witness
  readonly #pair: RealPair
  #count = 0

  constructor(name: string, pair: RealPair, witness: Witness, random: Random) {
    this.name = name
    this.random = random
    this.witness = witness
    this.#pair = pair
  }

  /** None twice by this client. */
  next(): number {
    return this.#count++
  }

  get nodes(): readonly RealNode[] {
    return this.#pair.nodes
  }

  /** What was heard last. Whatever became of it, the witness will know. */
  async write(body: object, key: string): Promise<Told> {
    const triesMax = this.random.pick([1, 3, 30])
    for (let n = 1; ; n++) {
      const node = this.#pair.primary
      const told = await this.witness.write(node, body, key)
      if (told.kind === "acknowledged" || (told.kind === "refused" && !isBlind(told))) return told
      if (told.kind === "unknown" || told.status === 421) this.#pair.isNotPrimary(node)
      if (n === triesMax) return told
      // Nobody answers while a node is down.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** One operation on a shared object. */
  async change<State, Input, Output>(object: Recorded<State, Input, Output>, input: Input, operation: object, outputOf: OutputOf<Conclusive, Output>): Promise<Told> {
    const key = `${object.name}-${this.name}-${this.next()}`
    object.writes(this.name, key, input, outputOf)
    return this.write(operation, key)
  }

  /** At either node. */
  read<State, Input, Output>(object: Recorded<State, Input, Output>, input: Input, path: string, outputOf: OutputOf<Seen, Output>, init: RequestInit = {}): Promise<Output | undefined> {
    return object.read(this.name, this.random.pick(this.nodes), path, input, outputOf, init)
  }
}

/** Someone else's turn to say what is wrong with it. */
export function unexpected(what: string, answer: unknown): never {
  throw new Error(`${what}: ${JSON.stringify(answer)}`)
}
