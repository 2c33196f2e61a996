// What must not work twice, and what must be dead once its end is acknowledged: on a pair, through its writer.
import { expect, test } from "bun:test"
import type { Outcome } from "../../src/node/service.ts"
import type { TandemNode } from "../../src/node/node.ts"
import { parseTransaction } from "../../src/operations/envelope.ts"
import { isRefusal } from "../../src/refusal.ts"
import { rowDeleted, textTerm } from "../../src/store/row.ts"
import { NodePair } from "./node-pair.ts"
import { emptyStore } from "../operations/empty-store.ts"

async function doing(node: TandemNode, op: string, data: object): Promise<Outcome> {
  const transaction = await parseTransaction({ op, data }, {
    principal: { name: "root", scopes: ["admin"] },
    reader: emptyStore,
    allowTimes: false,
    hashPassword: async (password) => `hash of ${password.length}`,
    verifyLogin: () => Promise.reject(new Error("no passwords here")),
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

test("a session that is revoked is dead on both nodes at the answer, by itself or with all of its user's (P2)", async () => {
  await using pair = await new NodePair().start()
  await done(pair.a, "user.create", { id: "ada", email: "ada@x.org" })
  const ids: unknown[] = []
  const tokens: string[] = []
  for (let n = 0; n < 3; n++) {
    const { id, token } = await done(pair.a, "session.create", { userId: "ada" })
    ids.push(id)
    tokens.push(String(token))
  }
  /** Asked at once, before anybody waits for anything. */
  const alive = (node: TandemNode) => tokens.map((token) => node.authenticate(token) !== undefined)
  const listed = (node: TandemNode) => node.reader.holders("sessions", "userId", textTerm("userId", "ada", false).value, { at: node.committed(), after: undefined, limit: 10 }).ids
  const onBoth = async (): Promise<readonly unknown[]> => {
    // The replica has what is acknowledged; that it is committed it hears with the next message.
    expect(pair.b.reader.position().head).toBe(pair.a.committed())
    expect(await pair.b.waitForVersion(pair.a.committed(), 60_000)).toBe(true)
    expect(listed(pair.b)).toEqual(listed(pair.a))
    return listed(pair.b)
  }
  expect(await onBoth()).toEqual(ids)
  expect([alive(pair.a), alive(pair.b)]).toEqual([[true, true, true], [true, true, true]])
  await done(pair.a, "session.revoke", { id: ids[0] })
  expect([alive(pair.a), alive(pair.b)]).toEqual([[false, true, true], [false, true, true]])
  expect(await onBoth()).toEqual([ids[1], ids[2]])
  await done(pair.a, "session.revokeAll", { userId: "ada", except: ids[2] })
  expect([alive(pair.a), alive(pair.b)]).toEqual([[false, false, true], [false, false, true]])
  expect(await onBoth()).toEqual([ids[2]])
  await done(pair.a, "credential.setPassword", { userId: "ada", password: "right horse", revokeSessions: true })
  expect([alive(pair.a), alive(pair.b)]).toEqual([[false, false, false], [false, false, false]])
  expect(await onBoth()).toEqual([])
})
