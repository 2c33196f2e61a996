// What must not work twice, and what must be dead once its end is acknowledged: on a pair, through its writer.
import { expect, test } from "bun:test"
import type { Outcome } from "../../src/node/service.ts"
import type { TandemNode } from "../../src/node/node.ts"
import { parseTransaction } from "../../src/operations/envelope.ts"
import { isRefusal } from "../../src/refusal.ts"
import { rowDeleted } from "../../src/store/row.ts"
import { NodePair } from "./node-pair.ts"

async function doing(node: TandemNode, op: string, data: object): Promise<Outcome> {
  const transaction = await parseTransaction({ op, data }, {
    principal: { name: "root", scopes: ["admin"] },
    clusterId: "cluster",
    allowTimes: false,
    hashPassword: async (password) => `hash of ${password.length}`,
  })
  return isRefusal(transaction) ? { kind: "refused", refusal: transaction } : node.submit(transaction)
}

/** The one result of what must commit. */
async function done(node: TandemNode, op: string, data: object): Promise<{ readonly [field: string]: unknown }> {
  const outcome = await doing(node, op, data)
  if (outcome.kind !== "committed") throw new Error(`not committed: ${JSON.stringify(outcome)}`)
  return (JSON.parse(outcome.results) as { readonly [field: string]: unknown }[])[0] ?? {}
}

function isThere(node: TandemNode, collection: string, id: unknown): boolean {
  const row = node.reader.row(collection, String(id), node.committed())
  return row !== undefined && !rowDeleted(row)
}

test("of a hundred who consume a token at once, one wins; at its answer the token is dead on both nodes (P2)", async () => {
  await using pair = await new NodePair().start()
  const { id, token } = await done(pair.a, "token.create", { purpose: "invite" })
  expect(await pair.b.waitForVersion(1, 60_000)).toBe(true)
  expect([isThere(pair.a, "tokens", id), isThere(pair.b, "tokens", id)]).toEqual([true, true])
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => doing(pair.a, "token.consume", { token, purpose: "invite" })))
  const won = outcomes.filter(({ kind }) => kind === "committed")
  const lost = outcomes.flatMap((outcome) => (outcome.kind === "refused" ? [outcome.refusal.code] : []))
  expect([won.length, lost.length, new Set(lost)]).toEqual([1, 99, new Set(["entity-missing"])])
  expect(pair.b.reader.position().head).toBe(2)
  expect(await pair.b.waitForVersion(2, 60_000)).toBe(true)
  expect([isThere(pair.a, "tokens", id), isThere(pair.b, "tokens", id)]).toEqual([false, false])
})
