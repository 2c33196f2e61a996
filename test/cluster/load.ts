// Several clients that write and read at the same time, of every kind, each with its own seeded randomness. They go on
// while nodes die: what they were told and what they saw is the witness's, and of what they share the recorder's.
import { Random } from "../sim/random.ts"
import { Hands } from "./hands.ts"
import { accounts } from "./objects/accounts.ts"
import { counter } from "./objects/counter.ts"
import { group } from "./objects/group.ts"
import { list } from "./objects/list.ts"
import { oneTimeToken } from "./objects/one-time-token.ts"
import { register } from "./objects/register.ts"
import { sentKey } from "./objects/sent-key.ts"
import { session } from "./objects/session.ts"
import type { MakeObject, SharedObject } from "./objects/shared-object.ts"
import { type RealPair, until } from "./real-pair.ts"
import { Recorder } from "./recorder.ts"
import type { Depth, Witness } from "./witness.ts"

const kinds = { register, counter, group, accounts, list, token: oneTimeToken, session, key: sentKey }
type Kind = keyof typeof kinds
/** Few, so that clients meet. */
const ofEachKind = 2

/** What is written between two looks at the log must be in it still: of so many on, clients get slower and slower. */
const freeWrites = 400
const slowerByMs = 5

function writtenOf({ acknowledged, unknown }: Witness): number {
  return acknowledged + unknown
}

export class Load {
  readonly #pair: RealPair
  readonly #witness: Witness
  readonly recorder: Recorder
  readonly #objects: readonly SharedObject[]
  #stopping = false
  #writtenBefore = 0
  #running: Promise<unknown> = Promise.resolve()

  /** `without` are kinds that these nodes are known to break. */
  constructor(pair: RealPair, witness: Witness, without: readonly Kind[] = []) {
    this.#pair = pair
    this.#witness = witness
    this.recorder = new Recorder(witness)
    const chosen = (Object.entries(kinds) as [Kind, MakeObject][]).filter(([kind]) => !without.includes(kind))
    this.#objects = chosen.flatMap(([kind, make]) => Array.from({ length: ofEachKind }, (_, n) => make(this.recorder, `${kind}-${n}`)))
  }

  /** What the clients need before they begin. */
  async prepare(): Promise<void> {
    await this.#mustWrite({ op: "collection.define", data: { name: "notes" } }, "define")
    await this.#mustWrite({ op: "collection.define", data: { name: "members", fields: { group: { type: "string", index: true } } } }, "define-members")
    await this.#mustWrite({ op: "user.create", data: { id: "taken", email: "taken@example.com" } }, "taken")
    await this.#mustWrite({ operations: this.#objects.flatMap(({ first = [] }) => first) }, "objects")
  }

  async #mustWrite(body: object, key: string): Promise<void> {
    const { a, printed } = this.#pair
    // On a busy machine a node may have to start again over it.
    await until(`${key} is done`, async () => (await this.#witness.write(a, body, key)).kind === "acknowledged", () => printed)
  }

  start(clients: number, seed: number): void {
    this.#stopping = false
    this.#writtenBefore = writtenOf(this.#witness)
    this.#running = Promise.all(
      Array.from({ length: clients }, async (_, n) => {
        const hands = new Hands(`c${seed}-${n}`, this.#pair, this.#witness, new Random(seed * 1_000 + n))
        const client = new Client(hands)
        while (!this.#stopping) {
          await (hands.random.chance(0.6) ? hands.random.pick(this.#objects).act(hands) : client.step())
          await Bun.sleep(Math.max(0, this.#written - freeWrites) * slowerByMs)
        }
      }),
    )
    // A check that fails is heard of at `stop`, or by whoever asks for `broken`.
    this.#running.catch(() => undefined)
  }

  get #written(): number {
    return writtenOf(this.#witness) - this.#writtenBefore
  }

  /** Rejects with what a client found wrong, which then does nothing more; else it is never settled. */
  get broken(): Promise<never> {
    return this.#running.then(() => new Promise<never>(() => undefined))
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  /** Once they have stopped: checks all that they were told and saw. */
  async settle(depth: Depth = "whole"): Promise<void> {
    await this.#witness.settle(this.#pair, depth)
    this.recorder.check()
    this.#witness.forgetResults()
  }
}

/** Uses what nobody else does, apart from some documents. */
class Client {
  readonly #hands: Hands
  readonly #name: string
  readonly #random: Random
  /** Kept for itself, so that what a read must show is known. */
  readonly #users: string[] = []

  constructor(hands: Hands) {
    this.#hands = hands
    this.#name = hands.name
    this.#random = hands.random
  }

  async step(): Promise<void> {
    const { name, nodes, random, witness } = this.#hands
    const n = this.#hands.next()
    const { body, path, kind } = this.#next(n)
    const key = `${kind}-${name}-${n}`
    const told = await this.#hands.write(body, key)
    if (told.kind !== "acknowledged") return
    if (kind === "conflict") throw new Error(`${key} was acknowledged, and its e-mail address was taken`)
    if (path === undefined) return
    witness.expectAtLeast(path, told.version)
    for (const node of nodes) if (random.chance(0.5)) await witness.look(node, path)
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
