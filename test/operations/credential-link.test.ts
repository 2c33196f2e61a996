// credential.link and credential.unlink.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { logItem } from "../../src/operations/log-item.ts"
import { Harness, issuesOf, keyWith } from "./harness.ts"

const issuer = "https://id.example.com"
const link = (userId: string, subject = "s-1", from = issuer) => ({ op: "credential.link", data: { userId, issuer: from, subject } })
const unlink = (subject = "s-1", from = issuer) => ({ op: "credential.unlink", data: { issuer: from, subject } })

async function withUsers(): Promise<Harness> {
  const harness = new Harness()
  await harness.commit(...["ada", "bob"].map((id) => ({ op: "user.create", data: { id, email: `${id}@x.org` } })))
  return harness
}

test("an identity is one user's: another is refused, the same one again changes nothing", async () => {
  const harness = await withUsers()
  expect(await harness.commit(link("ada"))).toEqual([{ userId: "ada", issuer, subject: "s-1" }])
  expect(await harness.refusal(link("bob"))).toMatchObject({ code: "unique", operation: 0, pointer: "/subject" })
  expect(await harness.commit(link("ada"))).toEqual([{ userId: "ada", issuer, subject: "s-1" }])
  expect(harness.record().writes).toEqual([])
})

test("issuer and subject together are what is unique, as they are written", async () => {
  const harness = await withUsers()
  await harness.commit(link("ada"), link("bob", "s-2"), link("bob", "s-1", "https://other.example.com"), link("bob", "S-1"), link("ada", "c", "a b"), link("bob", "b c", "a"))
})

test("within a transaction and a batch it is unique as well", async () => {
  const harness = await withUsers()
  expect(await harness.refusal({ operations: [link("ada"), link("bob")] })).toMatchObject({ code: "unique", operation: 1 })
  expect((await harness.batch([link("ada"), link("bob")])).map(({ kind }) => kind)).toEqual(["record", "refused"])
})

describe("an identity that was unlinked", () => {
  test("is free for another in the same transaction", async () => {
    const harness = await withUsers()
    await harness.commit(link("ada"))
    expect(await harness.commit(unlink(), link("bob"))).toEqual([{ userId: "ada", issuer, subject: "s-1" }, { userId: "bob", issuer, subject: "s-1" }])
  })

  test("is missing, like one that never was", async () => {
    const harness = await withUsers()
    await harness.commit(link("ada"))
    await harness.commit(unlink())
    for (const one of [unlink(), unlink("s-2")]) expect(await harness.refusal(one)).toMatchObject({ code: "entity-missing", pointer: "/subject" })
  })
})

test("goes with its user in the same version, and does not come back with the id", async () => {
  const harness = await withUsers()
  await harness.commit(link("ada"), link("bob", "s-2"))
  await harness.commit({ op: "user.delete", data: { id: "ada" } }, { op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  expect(await harness.refusal(unlink())).toMatchObject({ code: "entity-missing" })
  expect(await harness.commit(unlink("s-2"))).toMatchObject([{ userId: "bob" }])
})

test("the identities of a user are bounded, and none of them makes room", async () => {
  const harness = await withUsers()
  await harness.commit(...Array.from({ length: bounds.accountEntriesMax }, (_, n) => link("ada", `s-${n}`)))
  expect(await harness.refusal(link("ada", "one more"))).toMatchObject({ code: "conflict", pointer: "/userId" })
  await harness.commit(link("ada", "s-0"))
  await harness.commit(unlink("s-0"), link("ada", "one more"))
})

test("is of a user that is there, also of one of its own transaction", async () => {
  const harness = await withUsers()
  expect(await harness.refusal(link("nobody"))).toMatchObject({ code: "entity-missing", pointer: "/userId" })
  const signUp = { op: "credential.link", data: { userId: { $ref: "u.id" }, issuer, subject: "s-9" } }
  await harness.commit({ op: "user.create", data: { email: "eve@x.org" }, as: "u" }, signUp, { op: "session.create", data: { userId: { $ref: "u.id" } } })
})

test("takes texts of bounded length, and needs the scope write; its row is in no log item", async () => {
  const harness = await withUsers()
  expect(issuesOf(await harness.refusal(link("ada", "", "x".repeat(257))))).toEqual(["/issuer max_length", "/subject min_length"])
  expect(issuesOf(await harness.refusalOf("credential.unlink", { issuer: "a\nb", subject: "x", userId: "ada" }))).toEqual(["/issuer regex", "/userId unknown-field"])
  for (const one of [link("ada"), unlink()]) expect(await harness.refusal(one, { principal: keyWith("read", "log") })).toMatchObject({ code: "forbidden" })
  const [longest] = await harness.commit(link("ada", "用".repeat(256), "語".repeat(256)))
  expect(longest).toMatchObject({ userId: "ada" })
  expect(JSON.parse(logItem(harness.record(), new Uint8Array(32)))).toMatchObject({ writes: [] })
})
