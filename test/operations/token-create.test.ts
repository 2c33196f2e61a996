// token.create.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { logItem } from "../../src/operations/log-item.ts"
import { Harness, issuesOf, keyWith, resultsOf } from "./harness.ts"

const create = (more: object = {}) => ({ op: "token.create", data: { purpose: "verify-email", ...more } })
const consume = (token: unknown, purpose = "verify-email") => ({ op: "token.consume", data: { token, purpose } })

async function withAda(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  return harness
}

test("shows the token once: 256 random bits with a prefix", async () => {
  const harness = new Harness()
  const [one, two] = await harness.commit(create(), create())
  expect(one).toEqual({ id: one?.["id"], token: one?.["token"], expiresAt: "2026-03-01T13:00:00.000Z" })
  expect(one?.["token"]).toMatch(/^to_[A-Za-z0-9_-]{43}$/)
  expect(one?.["token"]).not.toBe(two?.["token"])
})

test("keeps the token nowhere, and shows its digest to nobody", async () => {
  const harness = new Harness()
  const [shown] = await harness.commit(create())
  const token = String(shown?.["token"])
  const disk = harness.disk()
  expect(disk).not.toContain(Buffer.from(token).toString("hex"))
  expect(disk).not.toContain(Buffer.from(token.slice(3), "base64url").toString("hex"))
  const shownInLog = logItem(harness.record(), new Uint8Array(32))
  expect(shownInLog).not.toContain(token.slice(3))
  expect(shownInLog).not.toContain("hash")
  expect(JSON.parse(shownInLog)).toMatchObject({ writes: [] })
})

test("answers a retry without the token, and says so (I8)", async () => {
  const harness = new Harness()
  const [first] = resultsOf(await harness.run(create(), { key: "k" }))
  const retry = await harness.run(create(), { key: "k" })
  expect(retry).toMatchObject({ kind: "replay", version: 1, secretsOmitted: true })
  expect(resultsOf(retry)).toEqual([{ id: first?.["id"], expiresAt: first?.["expiresAt"] }])
})

test("gives no reference to the token", async () => {
  const harness = await withAda()
  const leak = { op: "user.update", data: { id: "ada", data: { stolen: { $ref: "t.token" } } } }
  expect(await harness.refusal({ operations: [{ ...create(), as: "t" }, leak] })).toMatchObject({ code: "malformed", operation: 1 })
})

test("takes a user that is there, also one of its own transaction", async () => {
  const harness = await withAda()
  await harness.commit(create({ userId: "ada" }))
  await harness.commit({ op: "user.create", data: { email: "bob@x.org" }, as: "u" }, create({ userId: { $ref: "u.id" } }))
  expect(await harness.refusalOf("token.create", { purpose: "x", userId: "nobody" })).toMatchObject({ code: "entity-missing", pointer: "/userId" })
})

test("needs the scope write", async () => {
  const harness = new Harness()
  expect(await harness.refusal(create(), { principal: keyWith("read", "log") })).toMatchObject({ code: "forbidden" })
})

test("takes a life from a second to ten years", async () => {
  const harness = new Harness()
  for (const [ttl, expiresAt] of [["1s", "2026-03-01T12:00:01.000Z"], ["1500ms", "2026-03-01T12:00:01.500Z"], ["15m", "2026-03-01T12:15:00.000Z"], ["2h", "2026-03-01T14:00:00.000Z"], ["3650d", "2036-02-27T12:00:00.000Z"]] as const) {
    const [shown] = await harness.commit(create({ ttl }))
    expect([ttl, shown?.["expiresAt"]]).toEqual([ttl, expiresAt])
  }
  for (const ttl of ["", "1", "999ms", "0s", "3651d", "-1d", "1.5h", "1w", "1 d", " 1d", "1D", `${"9".repeat(400)}d`, 60, null, {}]) {
    expect([ttl, issuesOf(await harness.refusalOf("token.create", { purpose: "x", ttl }))[0]?.split(" ")[0]]).toEqual([ttl, "/ttl"])
  }
})

test("wants a purpose, and takes no other fields", async () => {
  const harness = new Harness()
  expect(issuesOf(await harness.refusalOf("token.create", {}))).toEqual(["/purpose strict_object"])
  expect(issuesOf(await harness.refusalOf("token.create", { purpose: "", token: "to_mine" }))).toEqual(["/purpose min_length", "/token unknown-field"])
  expect(issuesOf(await harness.refusalOf("token.create", { purpose: "x", data: [] }))).toEqual(["/data custom"])
})

describe("the tokens of one user", () => {
  const fill = Array.from({ length: bounds.accountEntriesMax }, () => create({ userId: "ada", ttl: "2h" }))
  const works = async (harness: Harness, token: unknown) => (await harness.run({ ...consume(token), dryRun: true })).kind === "dry-run"

  test("are bounded: the oldest makes room, those of others stay", async () => {
    const harness = await withAda()
    const [other] = await harness.commit(create({ ttl: "2h" }))
    const made = await harness.commit(...fill)
    const [last] = await harness.commit(create({ userId: "ada" }))
    const tokens = [other, made[0], made[1], made.at(-1), last].map((shown) => shown?.["token"])
    expect(await Promise.all(tokens.map((token) => works(harness, token)))).toEqual([true, false, true, true, true])
  })

  test("make room of what has expired first", async () => {
    const harness = await withAda()
    const [old] = await harness.commit(create({ userId: "ada", ttl: "2h" }))
    await harness.commit(...fill.slice(2).map(() => create({ userId: "ada", ttl: "1m" })), create({ userId: "ada", ttl: "2h" }))
    harness.nowMs += 60_000
    await harness.commit(create({ userId: "ada" }))
    expect(harness.record().writes).toHaveLength(bounds.accountEntriesMax - 1)
    expect(await works(harness, old?.["token"])).toBe(true)
  })

  test("go with it in the same version, whichever transaction made them, and do not come back with its id", async () => {
    const harness = await withAda()
    const [other, first] = await harness.commit(create(), create({ userId: "ada" }))
    const executed = await harness.run({ operations: [create({ userId: "ada" }), { op: "user.delete", data: { id: "ada" } }, { op: "user.create", data: { id: "ada", email: "ada@x.org" } }] })
    const [second] = resultsOf(executed)
    expect(harness.record().writes.map(({ collection }) => collection).sort()).toEqual(["tokens", "users"])
    for (const shown of [first, second]) expect(await harness.refusal(consume(shown?.["token"]))).toMatchObject({ code: "entity-missing" })
    expect(await works(harness, other?.["token"])).toBe(true)
  })
})
