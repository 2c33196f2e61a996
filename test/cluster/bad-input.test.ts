// Every operation with every kind of bad data, to both nodes of a real pair: each is refused, and what `verify` finds afterwards is
// what it found before.
import { afterAll, expect, test } from "bun:test"
import { operations } from "../../src/operations/registry.ts"
import { spoiledData } from "../http/spoiled-data.ts"
import { RealPair, until } from "./real-pair.ts"

let pair: RealPair | undefined
afterAll(() => pair?.remove())

interface Verified {
  readonly version: number
  readonly digest: string
  readonly problems: readonly unknown[]
}

test("leaves a pair as it was, whichever node is asked", async () => {
  const { a, b } = (pair = await (await RealPair.make({ flags: ["--forward-writes"] })).start())
  await a.do({ operations: [{ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "collection.define", data: { name: "goals" } }, { op: "document.create", data: { collection: "goals", id: "g1", value: {} } }] })
  const verified = async () => Promise.all([a, b].map((node) => node.json("/status/verify") as Promise<Verified>))
  await until("the replica has it", async () => (await verified()).every(({ version }) => version === 1))
  const before = await verified()
  expect(before.map(({ problems }) => problems)).toEqual([[], []])
  expect(before[0]?.digest).toBe(before[1]?.digest)
  for (const operation of operations) {
    for (const [n, { what, data }] of spoiledData(operation, operation.example.data).entries()) {
      const { status } = await (n % 2 === 0 ? a : b).do({ op: operation.name, data }, `${operation.name}-${n}`)
      expect([operation.name, what, status]).toEqual([operation.name, what, 422])
    }
  }
  expect(await verified()).toEqual(before)
})
