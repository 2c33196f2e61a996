// credential.setPassword.
import { describe, expect, test } from "bun:test"
import { logItem } from "../../src/operations/log-item.ts"
import { refuse } from "../../src/refusal.ts"
import { Harness, issuesOf, resultsOf } from "./harness.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { TableStore } from "../../src/store/table-store.ts"

const canary = "canary horse battery"

async function withAda(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org", name: "Ada" } })
  return harness
}

function setPassword(data: object) {
  return { op: "credential.setPassword", data }
}

test("the password itself is nowhere on the disk, only its hash", async () => {
  const harness = await withAda()
  const results = await harness.commit(setPassword({ userId: "ada", password: canary }))
  expect(results).toEqual([{ userId: "ada" }])
  expect(harness.get("credentials", "ada")?.["passwordHash"]).toStartWith("hash of ")
  const disk = harness.disk()
  expect(disk).toContain(Buffer.from("hash of ").toString("hex"))
  expect(disk).not.toContain(Buffer.from(canary).toString("hex"))
})

test("the log shows neither the password nor its hash", async () => {
  const harness = await withAda()
  await harness.commit(setPassword({ userId: "ada", password: canary }))
  const shown = logItem(harness.record(), new Uint8Array(32))
  expect(shown).toContain('"userId":"ada"')
  expect(shown).not.toContain("hash of")
  expect(shown).not.toContain("canary")
  expect(JSON.parse(shown)).toMatchObject({ writes: [] })
})

test("a later password replaces the earlier one", async () => {
  const harness = await withAda()
  await harness.commit(setPassword({ userId: "ada", password: "correct horse" }))
  const first = harness.get("credentials", "ada")?.["passwordHash"]
  await harness.commit(setPassword({ userId: "ada", password: "another horse" }))
  expect(harness.get("credentials", "ada")?.["passwordHash"]).not.toBe(first)
})

test("a user that is not there is missing", async () => {
  const harness = await withAda()
  expect(await harness.refusalOf("credential.setPassword", { userId: "bob", password: "correct horse" })).toMatchObject({ code: "entity-missing", pointer: "/userId" })
})

test("where too many passwords wait, nothing is done, and the operation is named", async () => {
  const harness = await withAda()
  const hashPassword = async () => refuse("unavailable", "too many", { retryAfter: 1 })
  const operations = [{ op: "user.update", data: { id: "ada", name: "X" } }, setPassword({ userId: "ada", password: "correct horse" })]
  expect(await harness.refusal({ operations }, { hashPassword })).toMatchObject({ code: "unavailable", operation: 1, retryAfter: 1 })
})

describe("its length", () => {
  const long = "\u{1f600}".repeat(128)

  test("counts code points: 8 to 128", async () => {
    const harness = await withAda()
    for (const password of ["12345678", "\u{1f600}".repeat(8), long, "é".repeat(128)]) await harness.commit(setPassword({ userId: "ada", password }))
    for (const password of ["", "1234567", "\u{1f600}".repeat(7), `${long}x`, "x".repeat(129), "x".repeat(100_000)]) {
      expect(await harness.refusalOf("credential.setPassword", { userId: "ada", password })).toMatchObject({ code: "invalid", pointer: "/password" })
    }
  })

  test("does not depend on how it was typed", async () => {
    const harness = await withAda()
    await harness.commit(setPassword({ userId: "ada", password: "e\u0301".repeat(128) }))
    expect(harness.hashed.at(-1)?.password).toBe("é".repeat(128))
    expect(issuesOf(await harness.refusalOf("credential.setPassword", { userId: "ada", password: "e\u0301".repeat(7) }))).toEqual(["/password check"])
    await harness.commit(setPassword({ userId: "ada", password: "각".normalize("NFD").repeat(128) }))
    expect(harness.hashed.at(-1)?.password).toBe("각".repeat(128))
  })

  test("is all that is asked of it", async () => {
    const harness = await withAda()
    for (const password of ["        ", "aaaaaaaa", "\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008"]) await harness.commit(setPassword({ userId: "ada", password }))
  })

  test("is complained about without showing the password", async () => {
    const harness = await withAda()
    const refusal = await harness.refusalOf("credential.setPassword", { userId: "ada", password: "canary" })
    expect(JSON.stringify(refusal)).not.toContain("canary")
  })
})

describe("the salt", () => {
  const value = { operations: [setPassword({ userId: "ada", password: "correct horse" }), setPassword({ userId: "ada", password: "correct horse" })] }

  test("is random without a key", async () => {
    const harness = await withAda()
    await harness.run(value)
    await harness.run(value)
    expect(new Set(harness.hashed.map(({ salt }) => Buffer.from(salt).toString("hex"))).size).toBe(4)
    expect(harness.hashed.every(({ salt }) => salt.length === 16)).toBe(true)
  })

  test("is the same in a retry and another for each principal, key, cluster and operation", async () => {
    const harness = await withAda()
    const otherCluster = new TableStore(new MemoryEngine(), { ...harness.store.identity(), clusterId: "other" })
    const others = [{}, { key: "k2" }, { principal: { name: "key:1", scopes: ["write"] as const } }, { reader: otherCluster }]
    for (const more of others) {
      await harness.parse(value, { key: "k1", ...more })
      await harness.parse(value, { key: "k1", ...more })
    }
    const salts = harness.hashed.map(({ salt }) => Buffer.from(salt).toString("hex"))
    for (let n = 0; n < salts.length; n += 4) expect(salts.slice(n, n + 2)).toEqual(salts.slice(n + 2, n + 4))
    expect(new Set(salts).size).toBe(8)
  })

  test("lets a retry be told from another password under the same key (I8)", async () => {
    const harness = await withAda()
    const one = (password: string) => setPassword({ userId: "ada", password })
    await harness.run(one("correct horse"), { key: "k" })
    expect(await harness.run(one("correct horse"), { key: "k" })).toMatchObject({ kind: "replay", version: 2 })
    expect(await harness.refusal(one("correct horses"), { key: "k" })).toMatchObject({ code: "key-reused" })
  })
})

describe("with references", () => {
  test("a sign-up is one transaction", async () => {
    const harness = new Harness()
    const executed = await harness.run({
      operations: [{ op: "user.create", data: { email: "ada@x.org" }, as: "u" }, setPassword({ userId: { $ref: "u.id" }, password: "correct horse" })],
    })
    const [user, credential] = resultsOf(executed)
    expect(credential).toEqual({ userId: user?.["id"] })
    expect(harness.get("credentials", String(user?.["id"]))).toBeDefined()
  })

  test("the password is still never stored", async () => {
    const harness = await withAda()
    await harness.commit({ op: "user.update", data: { id: "ada" }, as: "u" }, setPassword({ userId: { $ref: "u.id" }, password: canary }))
    expect(harness.record().operations).not.toContain("canary")
  })

  test("none may stand in the password, and the data must be an object", async () => {
    const harness = await withAda()
    const refusals = [
      { userId: "ada", password: { $ref: "u.name" } },
      { userId: { $ref: "u.id" } },
      { userId: { $ref: "u.id" }, password: "short" },
      { $ref: "u" },
      [{ $ref: "u.id" }],
    ]
    for (const data of refusals) {
      const operations = [{ op: "user.update", data: { id: "ada" }, as: "u" }, { op: "credential.setPassword", data }]
      expect(await harness.refusal({ operations })).toMatchObject({ code: "invalid", operation: 1 })
    }
  })

  test("an unknown field beside them is refused before it is stored", async () => {
    const harness = await withAda()
    const data = { userId: { $ref: "u.id" }, password: "correct horse", pasword: canary }
    const refusal = await harness.refusal({ operations: [{ op: "user.update", data: { id: "ada" }, as: "u" }, { op: "credential.setPassword", data }] })
    expect(issuesOf(refusal)).toEqual(["/pasword unknown-field"])
  })
})
