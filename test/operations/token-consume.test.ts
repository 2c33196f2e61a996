// token.consume.
import { describe, expect, test } from "bun:test"
import { logItem } from "../../src/operations/log-item.ts"
import { Harness, issuesOf, keyWith, resultsOf } from "./harness.ts"

const consume = (token: unknown, purpose = "reset-password") => ({ op: "token.consume", data: { token, purpose } })

async function withToken(more: object = {}): Promise<{ harness: Harness; id: string; token: string }> {
  const harness = new Harness()
  const data = { purpose: "reset-password", userId: "ada", ttl: "10m", data: { to: "ada@x.org" }, ...more }
  const [, shown] = await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } }, { op: "token.create", data })
  return { harness, id: String(shown?.["id"]), token: String(shown?.["token"]) }
}

test("says what the token was made for, and removes it", async () => {
  const { harness, id, token } = await withToken()
  expect(await harness.commit(consume(token))).toEqual([{ id, purpose: "reset-password", userId: "ada", data: { to: "ada@x.org" } }])
  expect(harness.get("tokens", id)).toBeUndefined()
})

test("of a token without a user or data says so", async () => {
  const harness = new Harness()
  const [shown] = await harness.commit({ op: "token.create", data: { purpose: "invite" } })
  expect(await harness.commit(consume(shown?.["token"], "invite"))).toEqual([{ id: shown?.["id"], purpose: "invite", userId: null, data: {} }])
})

test("what is used, expired, unknown or for another purpose gets one answer, which does not tell which", async () => {
  const { harness, token } = await withToken()
  const refusals = [await harness.refusal(consume(token, "verify-email")), await harness.refusal(consume(`${token.slice(0, -1)}!`)), await harness.refusal(consume(""))]
  await harness.commit(consume(token))
  refusals.push(await harness.refusal(consume(token)))
  const late = await withToken()
  late.harness.nowMs += 600_000
  refusals.push(await late.harness.refusal(consume(late.token)))
  expect(refusals[0]).toMatchObject({ code: "entity-missing", operation: 0, pointer: "/token" })
  for (const refusal of refusals) expect(refusal).toEqual(refusals[0] as typeof refusal)
})

test("expiry is to the millisecond of the record's time", async () => {
  const { harness, token } = await withToken()
  harness.nowMs += 599_999
  expect((await harness.run({ ...consume(token), dryRun: true })).kind).toBe("dry-run")
  harness.nowMs += 1
  expect(await harness.refusal(consume(token))).toMatchObject({ code: "entity-missing" })
})

test("a clock that went back does not bring an expired token back, since record time does not (P7)", async () => {
  const { harness, token } = await withToken()
  harness.nowMs += 600_000
  await harness.commit({ op: "user.update", data: { id: "ada", verified: true } })
  harness.nowMs -= 600_000
  expect(await harness.refusal(consume(token))).toMatchObject({ code: "entity-missing" })
})

describe("of many at once", () => {
  test("one wins, in one transaction, in one batch and in two", async () => {
    const { harness, token } = await withToken()
    expect(await harness.refusal({ operations: [consume(token), consume(token)] })).toMatchObject({ code: "entity-missing", operation: 1 })
    const executed = await harness.batch(Array.from({ length: 100 }, () => consume(token)))
    expect(executed.map(({ kind }) => kind)).toEqual(["record", ...Array.from({ length: 99 }, () => "refused" as const)])
    expect(await harness.refusal(consume(token))).toMatchObject({ code: "entity-missing" })
  })

  test("one that is refused for something else leaves it for the next", async () => {
    const { harness, token } = await withToken()
    expect(await harness.refusal({ operations: [consume(token), { op: "user.delete", data: { id: "nobody" } }] })).toMatchObject({ operation: 1 })
    expect((await harness.run(consume(token))).kind).toBe("record")
  })
})

test("a retry under its key gets the first answer, another token under it does not (I8)", async () => {
  const { harness, token } = await withToken()
  const first = await harness.run(consume(token), { key: "k" })
  const retry = await harness.run(consume(token), { key: "k" })
  expect(retry).toMatchObject({ kind: "replay", secretsOmitted: false })
  expect(resultsOf(retry)).toEqual(resultsOf(first))
  expect(await harness.refusal(consume(`${token}x`), { key: "k" })).toMatchObject({ code: "key-reused" })
})

test("the token is in no record and no log item", async () => {
  const { harness, token } = await withToken()
  await harness.commit({ op: "user.update", data: { id: "ada" }, as: "u" }, { op: "token.consume", data: { token, purpose: "reset-password" }, as: "t" }, { op: "user.update", data: { id: { $ref: "t.userId" }, verified: true } })
  expect(harness.disk()).not.toContain(Buffer.from(token.slice(3)).toString("hex"))
  const shown = logItem(harness.record(), new Uint8Array(32))
  expect(shown).toContain('"token.consume"')
  for (const secret of [token.slice(3), "hash"]) expect(shown).not.toContain(secret)
  expect(harness.get("users", "ada")).toMatchObject({ verified: true })
})

test("takes a text of bounded length, no reference in its place, and needs the scope write", async () => {
  const { harness, token } = await withToken()
  expect(issuesOf(await harness.refusal(consume("x".repeat(257))))).toEqual(["/token max_length"])
  expect(issuesOf(await harness.refusal(consume(5)))).toEqual(["/token string"])
  expect(issuesOf(await harness.refusalOf("token.consume", { token }))).toEqual(["/purpose strict_object"])
  expect(await harness.refusal({ operations: [{ op: "user.update", data: { id: "ada" }, as: "u" }, consume({ $ref: "u.id" })] })).toMatchObject({ code: "invalid", operation: 1 })
  expect(await harness.refusal(consume(token), { principal: keyWith("read", "log") })).toMatchObject({ code: "forbidden" })
})
