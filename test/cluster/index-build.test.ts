// An index is added to a filled collection of a real pair, while clients write and nodes are killed: in the end every document has its
// place in it, on both nodes, and no transaction of the building was longer than a chunk.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Random } from "../sim/random.ts"
import { RealPair, until } from "./real-pair.ts"
import type { RealNode } from "./real-node.ts"
import { sameDigests } from "./witness.ts"

const count = 20_000
const chunk = 1_000

interface Listed {
  readonly items: readonly { readonly id: string; readonly value: { readonly n?: number | null } }[]
  readonly next: string | null
}

async function allOf(node: RealNode, query: string): Promise<Listed["items"]> {
  const items: Listed["items"][number][] = []
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = (await node.json(`/goals?limit=500${query}${cursor === "" ? "" : `&cursor=${cursor}`}`)) as Listed
    items.push(...page.items)
    cursor = page.next
  }
  return items
}

test("an index is whole on both nodes, whoever dies while it is built (P1, P4)", async () => {
  const random = new Random(11)
  const pair = await RealPair.make({ flags: ["--peer-timeout", "2s"] })
  // The same again until it is acknowledged: nodes are killed meanwhile.
  const write = (body: object, key: string) =>
    until(`${key} is acknowledged`, async () => (await pair.a.do(body, key).catch(() => undefined))?.status === 200, () => pair.printed)
  try {
    await pair.start()
    await write({ op: "collection.define", data: { name: "goals", fields: { n: { type: "integer" }, title: { type: "string" } } } }, "define")
    for (let from = 0; from < count; from += chunk) {
      const operations = Array.from({ length: chunk }, (_, n) => ({ op: "document.create", data: { collection: "goals", id: `g${from + n}`, value: { n: ((from + n) * 7919) % count, title: `goal ${from + n}` } } }))
      await write({ operations }, `fill-${from}`)
    }
    pair.supervise()
    await write({ op: "collection.define", data: { name: "goals", fields: { n: { type: "integer", index: true }, title: { type: "string" } } } }, "index")
    const stateOf = async () => ((await pair.a.json("/collections/goals")) as { readonly indexes: { readonly n: { readonly state: string } } }).indexes.n.state
    expect((await pair.a.fetch("/goals?sort=n")).status).toBe(400)
    let kills = 0
    let writes = 0
    await until("the index is ready", async () => {
      for (let n = 0; n < 20; n++) {
        const id = `g${random.between(0, count - 1)}`
        await write({ op: "document.put", data: { collection: "goals", id, value: { n: random.between(0, count), title: "put" } } }, `put-${writes++}`)
      }
      await write({ op: "document.create", data: { collection: "goals", id: `late-${writes}`, value: { title: "late" } } }, `late-${writes}`)
      if (kills < 4) {
        const victim = kills++ % 2 === 0 ? pair.a : pair.b
        if (victim.running) victim.kill()
      }
      return (await stateOf().catch(() => "")) === "ready"
    }, () => pair.printed)
    await pair.inSync()
    expect(kills).toBe(4)

    for (const node of pair.nodes) {
      const sorted = await allOf(node, "&sort=n")
      const all = await allOf(node, "")
      const rank = ({ value }: Listed["items"][number]) => value.n ?? Number.NEGATIVE_INFINITY
      expect(sorted.map(({ id }) => id)).toEqual([...all].sort((a, b) => rank(a) - rank(b) || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id))).map(({ id }) => id))
      expect(((await node.json("/status/verify")) as { readonly problems: unknown }).problems).toEqual([])
    }
    await sameDigests(pair)
    const fills = await fillsOf(pair.a)
    expect(fills.length).toBeGreaterThanOrEqual(count / bounds.fillDocumentsMax)
    expect(Math.max(...fills)).toBeLessThanOrEqual(bounds.fillDocumentsMax)
  } finally {
    await pair.remove()
  }
})

/** How many documents each transaction of the building was about. */
async function fillsOf(node: RealNode): Promise<number[]> {
  const fills: number[] = []
  for (let from: number | null = 1; from !== null; ) {
    const page = (await node.json(`/log?from=${from}&limit=100`)) as { readonly items: readonly { readonly operations: readonly { readonly op: string; readonly data: { readonly ids?: readonly string[] } }[] }[]; readonly next: number | null }
    for (const { operations } of page.items) for (const { op, data } of operations) if (op === "index.fill") fills.push(data.ids?.length ?? 0)
    from = page.next
  }
  return fills
}
