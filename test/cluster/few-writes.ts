// One client that writes one thing after another, of every kind, each with a key of its own, and looks at both nodes
// after each that was acknowledged.
import type { RealPair } from "./real-pair.ts"
import type { Told, Witness } from "./witness.ts"

/** More than any test needs to reach its point. */
const writesMax = 60

export class FewWrites {
  readonly #pair: RealPair
  readonly #witness: Witness
  #count = 0

  constructor(pair: RealPair, witness: Witness) {
    this.#pair = pair
    this.#witness = witness
  }

  async next(): Promise<Told["kind"]> {
    const n = this.#count++
    const { body, path } = writeOf(n)
    const told = await this.#witness.write(this.#pair.a, body, `write-${n}`)
    if (told.kind !== "acknowledged" || path === undefined) return told.kind
    this.#witness.expectAtLeast(path, told.version)
    for (const node of this.#pair.nodes) await this.#witness.look(node, path)
    return told.kind
  }

  /** The same, several at a time; every one of them must end. */
  async manyUntil(holds: () => boolean): Promise<void> {
    await Promise.all(Array.from({ length: 4 }, () => this.until(holds)))
  }

  async until(holds: () => boolean): Promise<void> {
    for (let n = 0; n < writesMax; n++) {
      await this.next()
      // What ended is noticed a little later than the connection that it cut.
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (holds()) return
    }
    throw new Error(`it did not happen within ${writesMax} writes\n${this.#pair.printed}`)
  }
}

function writeOf(n: number): { readonly body: object; readonly path?: string } {
  if (n === 0) return { body: { op: "collection.define", data: { name: "notes" } } }
  switch (n % 4) {
    case 1:
      return { body: { op: "user.create", data: { id: `u${n}`, email: `u${n}@example.com` } }, path: `/users/u${n}` }
    case 2:
      return { body: { op: "document.put", data: { collection: "notes", id: "one", value: { title: `of ${n}` } } }, path: "/notes/one" }
    case 3:
      return {
        body: {
          operations: [
            { op: "document.create", data: { collection: "notes", id: `n${n}`, value: { title: `n${n}` } } },
            { op: "key.create", data: { name: `k${n}`, scopes: ["read"] } },
          ],
        },
        path: `/notes/n${n}`,
      }
    default:
      return { body: { op: "document.put", data: { collection: "notes", id: "one", value: { title: `of ${n}` } } }, path: "/notes/one" }
  }
}
