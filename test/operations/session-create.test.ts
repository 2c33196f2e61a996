// session.create.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { logItem } from "../../src/operations/log-item.ts"
import { anonymous } from "../../src/operations/scope.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { isRefusal, refuse } from "../../src/refusal.ts"
import { Harness, issuesOf, keyWith, resultsOf } from "./harness.ts"

const password = "right horse"
const create = (data: object) => ({ op: "session.create", data })
const byPassword = (more: object = {}) => create({ email: "ada@x.org", password, ...more })

async function withAda(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "Ada@x.org" } }, { op: "user.create", data: { id: "bob", email: "bob@x.org" } })
  await harness.commit({ op: "credential.setPassword", data: { userId: "ada", password } })
  return harness
}

test("by a password or by a user's id shows the token once: 256 random bits with a prefix", async () => {
  const harness = await withAda()
  for (const one of [byPassword(), byPassword({ email: " ADA@X.ORG" }), create({ userId: "ada" })]) {
    const [shown] = await harness.commit(one)
    expect(shown).toEqual({ id: shown?.["id"], userId: "ada", token: shown?.["token"], expiresAt: "2026-03-31T12:00:00.000Z", idleExpiresAt: null })
    expect(shown?.["token"]).toMatch(/^ts_[A-Za-z0-9_-]{43}$/)
    expect(harness.get("sessions", String(shown?.["id"]))).toMatchObject({ userId: "ada", data: {} })
  }
})

test("keeps neither token nor password, and its digest is shown to nobody", async () => {
  const harness = await withAda()
  const [shown] = await harness.commit(byPassword())
  const token = String(shown?.["token"])
  for (const secret of [token, password]) expect(harness.disk()).not.toContain(Buffer.from(secret).toString("hex"))
  const item = logItem(harness.record(), new Uint8Array(32))
  expect(item).toContain('"userId":"ada"')
  for (const secret of [token.slice(3), password, "hash", "passwordVersion"]) expect(item).not.toContain(secret)
  expect(JSON.parse(item)).toMatchObject({ writes: [] })
})

test("answers a retry without the token, and tells another login under its key from it (I8)", async () => {
  const harness = await withAda()
  await harness.commit({ op: "credential.setPassword", data: { userId: "bob", password } })
  const [first] = resultsOf(await harness.run(byPassword(), { key: "k" }))
  const retry = await harness.run(byPassword(), { key: "k" })
  expect(retry).toMatchObject({ kind: "replay", secretsOmitted: true })
  const { token: _, ...rest } = first ?? {}
  expect(resultsOf(retry)).toEqual([rest])
  expect(await harness.refusal(byPassword({ email: "bob@x.org" }), { key: "k" })).toMatchObject({ code: "key-reused" })
  expect(await harness.refusal(byPassword({ password: "wrong" }), { key: "k" })).toMatchObject({ code: "login-failed" })
})

test("whoever cannot log in gets one answer, which does not tell why", async () => {
  const harness = await withAda()
  const refusals = [await harness.refusal(byPassword({ password: "wrong" })), await harness.refusal(byPassword({ email: "nobody@x.org" })), await harness.refusal(byPassword({ email: "bob@x.org" })), await harness.refusal(byPassword({ email: "" }))]
  await harness.commit({ op: "user.update", data: { id: "ada", disabled: true } })
  refusals.push(await harness.refusal(byPassword()))
  expect(refusals[0]).toMatchObject({ code: "login-failed", operation: 0 })
  for (const refusal of refusals) expect(refusal).toEqual(refusals[0] as typeof refusal)
})

describe("what changes between the check of a password and the commit", () => {
  const changes: readonly (readonly [what: string, operation: { op: string; data: object }])[] = [
    ["the password", { op: "credential.setPassword", data: { userId: "ada", password: "another horse" } }],
    ["the same password, set again", { op: "credential.setPassword", data: { userId: "ada", password } }],
    ["the password's removal", { op: "credential.remove", data: { userId: "ada" } }],
    ["the address", { op: "user.update", data: { id: "ada", email: "a@x.org" } }],
    ["disabling", { op: "user.update", data: { id: "ada", disabled: true } }],
    ["deletion", { op: "user.delete", data: { id: "ada" } }],
  ]

  test.each(changes)("%s lets nobody in with the old one, in one batch or in two", async (_what, change) => {
    for (const together of [true, false]) {
      const harness = await withAda()
      const [changing, login] = [await harness.parse(change), await harness.parse(byPassword())]
      if (isRefusal(login) || isRefusal(changing)) throw new Error("refused before the batch")
      const run = (...list: SubmittedTransaction[]) => harness.execute(list)
      const executed = together ? await run(changing, login) : [...(await run(changing)), ...(await run(login))]
      expect(executed).toMatchObject([{ kind: "record" }, { kind: "refused", refusal: { code: "login-failed" } }])
    }
  })

  test("a name is of no matter", async () => {
    const harness = await withAda()
    const [changing, login] = [await harness.parse({ op: "user.update", data: { id: "ada", name: "Ada" } }), await harness.parse(byPassword())]
    if (isRefusal(login) || isRefusal(changing)) throw new Error("refused before the batch")
    expect((await harness.execute([changing, login])).map(({ kind }) => kind)).toEqual(["record", "record"])
  })
})

describe("a login whose password has a weaker hash than those made today", () => {
  const passwordHash = (harness: Harness) => String(harness.get("credentials", "ada")?.["passwordHash"])

  async function withWeakHash(): Promise<{ harness: Harness; weak: string }> {
    const harness = await withAda()
    const weak = passwordHash(harness)
    harness.passwords.isOutdated = (phc) => phc === weak
    return { harness, weak }
  }

  test("gives it a new one, in the version that logs in and once", async () => {
    const { harness, weak } = await withWeakHash()
    await harness.commit(byPassword())
    const stronger = passwordHash(harness)
    expect(stronger).not.toBe(weak)
    expect(harness.record().writes.map(({ collection }) => collection).sort()).toEqual(["credentials", "sessions"])
    expect(logItem(harness.record(), new Uint8Array(32))).not.toContain("hash of")
    await harness.commit(byPassword())
    expect([passwordHash(harness), harness.record().writes.length]).toEqual([stronger, 1])
  })

  test("lets in who logs in at the same time, and nobody with a password that was replaced", async () => {
    const { harness } = await withWeakHash()
    const logins = [await harness.parse(byPassword()), await harness.parse(byPassword()), await harness.parse(byPassword())]
    const change = await harness.parse({ op: "credential.setPassword", data: { userId: "ada", password: "another horse" } })
    const [first, second, third] = logins
    if (first === undefined || second === undefined || third === undefined || [...logins, change].some(isRefusal)) throw new Error("refused before the batch")
    const executed = await harness.execute([first, second, change, third] as SubmittedTransaction[])
    expect(executed.map(({ kind }) => kind)).toEqual(["record", "record", "record", "refused"])
    expect(passwordHash(harness)).toEndWith(` ${"another horse".length}`)
  })

  test("that fails, or is not of a password, leaves it as it is", async () => {
    const { harness, weak } = await withWeakHash()
    await harness.refusal(byPassword({ password: "wrong" }))
    await harness.commit(create({ userId: "ada" }))
    expect(passwordHash(harness)).toBe(weak)
  })

  test("goes on with it where too many passwords wait to be hashed", async () => {
    const { harness, weak } = await withWeakHash()
    expect(await harness.run(byPassword(), { hashPassword: async () => refuse("unavailable", "too many") })).toMatchObject({ kind: "record" })
    expect(passwordHash(harness)).toBe(weak)
  })
})

describe("without an API key", () => {
  const ada = { name: "user:ada", scopes: [], userId: "ada" } as const

  test("logs in by a password, also who has no token at all", async () => {
    const harness = await withAda()
    for (const principal of [anonymous, ada]) {
      expect(resultsOf(await harness.run(byPassword(), { principal }))).toMatchObject([{ userId: "ada", token: expect.stringMatching(/^ts_/) }])
      expect(harness.record().meta.principal).toBe(principal.name)
      expect(await harness.refusal(byPassword({ password: "wrong" }), { principal })).toMatchObject({ code: "login-failed" })
    }
  })

  test("makes no session by a user's id, not even its own, and learns nothing of it", async () => {
    const harness = await withAda()
    for (const userId of ["ada", "bob", "nobody"]) {
      expect(await harness.refusal(create({ userId }), { principal: anonymous })).toMatchObject({ code: "unauthenticated" })
      expect(await harness.refusal(create({ userId }), { principal: ada })).toMatchObject({ code: "entity-missing", detail: `There is no user \`${userId}\`.` })
    }
  })
})

test("where too many passwords wait, nothing is done", async () => {
  const harness = await withAda()
  const verifyLogin = async () => refuse("unavailable", "too many", { retryAfter: 1 })
  expect(await harness.refusal({ operations: [create({ userId: "ada" }), byPassword()] }, { verifyLogin })).toMatchObject({ code: "unavailable", operation: 1, retryAfter: 1 })
})

describe("by a user's id", () => {
  test("is refused for who is not there or is disabled, and needs the scope write", async () => {
    const harness = await withAda()
    await harness.commit({ op: "user.update", data: { id: "bob", disabled: true } })
    expect(await harness.refusalOf("session.create", { userId: "nobody" })).toMatchObject({ code: "entity-missing", pointer: "/userId" })
    expect(await harness.refusalOf("session.create", { userId: "bob" })).toMatchObject({ code: "conflict", pointer: "/userId" })
    expect(await harness.refusal(create({ userId: "ada" }), { principal: keyWith("read", "log") })).toMatchObject({ code: "forbidden" })
  })

  test("goes with a sign-up in one transaction", async () => {
    const harness = new Harness()
    const executed = await harness.run({ operations: [{ op: "user.create", data: { email: "ada@x.org" }, as: "u" }, create({ userId: { $ref: "u.id" } })] })
    const [user, session] = resultsOf(executed)
    expect(session?.["userId"]).toBe(user?.["id"])
    expect(session?.["token"]).toMatch(/^ts_/)
  })
})

test("wants a user in exactly one of the two ways, and no reference where the password is checked", async () => {
  const harness = await withAda()
  for (const data of [{}, { email: "ada@x.org" }, { password }, { email: "ada@x.org", userId: "ada" }, { email: "ada@x.org", password, userId: "ada" }]) {
    expect(issuesOf(await harness.refusalOf("session.create", data))).toEqual([" session-user"])
  }
  const operations = [{ op: "user.update", data: { id: "ada" }, as: "u" }, create({ email: { $ref: "u.email" }, password })]
  expect(await harness.refusal({ operations })).toMatchObject({ code: "invalid", operation: 1, pointer: "/email" })
})

test("takes an absolute and an idle life, and bounded data", async () => {
  const harness = await withAda()
  const [shown] = await harness.commit(create({ userId: "ada", ttl: "1d", idle: "30m", data: { device: "phone" } }))
  expect(shown).toMatchObject({ expiresAt: "2026-03-02T12:00:00.000Z", idleExpiresAt: "2026-03-01T12:30:00.000Z" })
  expect(harness.get("sessions", String(shown?.["id"]))).toMatchObject({ data: { device: "phone" } })
  const [short] = await harness.commit(create({ userId: "ada", ttl: "10m", idle: "30m" }))
  expect(short).toMatchObject({ expiresAt: "2026-03-01T12:10:00.000Z", idleExpiresAt: "2026-03-01T12:10:00.000Z" })
  expect(issuesOf(await harness.refusalOf("session.create", { userId: "ada", ttl: "1w", idle: "0s", data: { x: "x".repeat(bounds.sessionDataLengthMax) } }))).toEqual(["/ttl check", "/idle check", "/data check"])
})

test("the sessions of a user are bounded: those that were idle for too long make room, then the oldest", async () => {
  const harness = await withAda()
  const [oldest, ...rest] = await harness.commit(...Array.from({ length: bounds.accountEntriesMax }, (_, n) => create({ userId: "ada", ...(n === 7 ? { idle: "1m" } : {}) })))
  harness.nowMs += 60_000
  await harness.commit(create({ userId: "ada" }))
  expect([oldest, rest[6]].map((one) => harness.get("sessions", String(one?.["id"])) !== undefined)).toEqual([true, false])
  await harness.commit(create({ userId: "ada" }))
  expect([oldest, rest[0]].map((one) => harness.get("sessions", String(one?.["id"])) !== undefined)).toEqual([false, true])
})
