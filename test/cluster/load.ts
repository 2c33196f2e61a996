// Several clients that write and read at the same time, of every kind, each with its own seeded randomness. They go on
// while nodes die: what they were told and what they saw is the witness's.
import { Random } from "../sim/random.ts"
import type { RealPair } from "./real-pair.ts"
import type { Witness } from "./witness.ts"

export class Load {
  readonly #pair: RealPair
  readonly #witness: Witness
  #stopping = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(pair: RealPair, witness: Witness) {
    this.#pair = pair
    this.#witness = witness
  }

  /** What the clients need before they begin. */
  async prepare(): Promise<void> {
    await this.#mustWrite({ op: "collection.define", data: { name: "notes" } }, "define")
    await this.#mustWrite({ op: "user.create", data: { id: "taken", email: "taken@example.com" } }, "taken")
  }

  async #mustWrite(body: object, key: string): Promise<void> {
    const told = await this.#witness.write(this.#pair.a, body, key)
    if (told.kind !== "acknowledged") throw new Error(`${key}: ${JSON.stringify(told)}`)
  }

  start(clients: number, seed: number): void {
    this.#stopping = false
    this.#running = Promise.all(
      Array.from({ length: clients }, async (_, n) => {
        const client = new Client(`c${seed}-${n}`, this.#pair, this.#witness, new Random(seed * 1_000 + n))
        while (!this.#stopping) await client.step()
      }),
    )
    // A check that fails is heard of at `stop`, not before.
    this.#running.catch(() => undefined)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }
}

class Client {
  readonly #name: string
  readonly #pair: RealPair
  readonly #witness: Witness
  readonly #random: Random
  #count = 0
  /** Kept for itself, so that what a read must show is known. */
  readonly #users: string[] = []

  constructor(name: string, pair: RealPair, witness: Witness, random: Random) {
    this.#name = name
    this.#pair = pair
    this.#witness = witness
    this.#random = random
  }

  async step(): Promise<void> {
    const n = this.#count++
    const { body, path, kind } = this.#next(n)
    const key = `${kind}-${this.#name}-${n}`
    const told = await this.#writeWithRetries(body, key)
    if (told === undefined) return
    if (kind === "conflict") throw new Error(`${key} was acknowledged, and its e-mail address was taken`)
    if (path === undefined) return
    this.#witness.expectAtLeast(path, told)
    for (const node of this.#pair.nodes) if (this.#random.chance(0.5)) await this.#witness.look(node, path)
  }

  /** The version; undefined where it was refused or given up, whatever became of it. */
  async #writeWithRetries(body: object, key: string): Promise<number | undefined> {
    const triesMax = this.#random.pick([1, 3, 30])
    for (let n = 0; n < triesMax; n++) {
      const told = await this.#witness.write(this.#pair.a, body, key)
      if (told.kind === "acknowledged") return told.version
      if (told.kind === "refused" && told.status < 500) return undefined
      // Nobody answers while a node is down.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return undefined
  }

  #next(n: number): { readonly kind: string; readonly body: object; readonly path?: string } {
    const user = this.#users.length > 0 ? this.#random.pick(this.#users) : undefined
    const dice = this.#random.between(1, 100)
    if (dice <= 50) {
      // Some are everybody's, some its own.
      const id = `${this.#random.chance(0.4) ? "shared" : this.#name}-${this.#random.between(1, 3)}`
      return { kind: "put", body: { op: "document.put", data: { collection: "notes", id, value: { n } } }, path: `/notes/${id}` }
    }
    if (dice <= 70 || user === undefined) {
      const id = `${this.#name}-${n}`
      this.#users.push(id)
      return { kind: "user", body: { op: "user.create", data: { id, email: `${id}@example.com` } }, path: `/users/${id}` }
    }
    if (dice <= 85) return { kind: "rename", body: { op: "user.update", data: { id: user, name: `of ${n}` } }, path: `/users/${user}` }
    if (dice <= 92) return { kind: "conflict", body: { op: "user.create", data: { email: "Taken@Example.com" } } }
    if (dice <= 94) return { kind: "password", body: { op: "credential.setPassword", data: { userId: user, password: `a password of ${n}` } } }
    if (dice <= 97) return { kind: "key", body: { op: "key.create", data: { name: `of ${n}`, scopes: ["read"] } } }
    return { kind: "gone", body: { operations: temporary(`${this.#name}-gone-${n}`) } }
  }
}

/** A document that is never seen: made and deleted in one transaction. */
function temporary(id: string): object[] {
  return [
    { op: "document.create", data: { collection: "notes", id, value: {} } },
    { op: "document.delete", data: { collection: "notes", id } },
  ]
}
