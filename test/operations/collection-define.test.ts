// collection.define.
import { expect, test } from "bun:test"
import { routes } from "../../src/http/routes.ts"
import { Harness, issuesOf, keyWith } from "./harness.ts"

test("a definition is an entity like any other", async () => {
  const harness = new Harness()
  const [definition] = await harness.commit({ op: "collection.define", data: { name: "goals" } })
  const time = "2026-03-01T12:00:00.000Z"
  const access = { create: "server", read: "server", update: "server", delete: "server" }
  expect(definition).toEqual({ id: "goals", name: "goals", fields: null, access, indexes: {}, createdAt: time, updatedAt: time, version: 1, createdVersion: 1 })
  expect(harness.get("collections", "goals")).toEqual(definition)
})

test("defining it again keeps its documents and its beginning", async () => {
  const harness = new Harness()
  await harness.commit({ op: "collection.define", data: { name: "goals" } }, { op: "document.create", data: { collection: "goals", id: "g", value: { n: 1 } } })
  const [again] = await harness.commit({ op: "collection.define", data: { name: "goals" } })
  expect(again).toMatchObject({ version: 2, createdVersion: 1 })
  expect(harness.get("goals", "g")?.["value"]).toEqual({ n: 1 })
})

test("names begin with a lower-case letter and have 63 characters at most", async () => {
  const harness = new Harness()
  for (const name of ["a", "a_b-C9", "a".repeat(63)]) await harness.commit({ op: "collection.define", data: { name } })
  const wrong = ["", "A", "9a", "_a", "-a", "a b", "a/b", "a.b", "a\n", "é", "ａ", "a".repeat(64), "a".repeat(100_000)]
  for (const name of wrong) expect(await harness.refusalOf("collection.define", { name })).toMatchObject({ code: "invalid", pointer: "/name" })
})

test("names that rows or paths of Tandem use are reserved", async () => {
  const harness = new Harness()
  const rows = ["credentials", "identities", "keys", "collections", "sessions", "tokens"]
  const paths = routes.map(({ path }) => path.split("/")[1] ?? "").filter((first) => !first.startsWith(":") && first !== "users")
  const planned = ["metrics", "changes", "console", "admin"]
  for (const name of new Set([...rows, ...paths, ...planned])) {
    const refusal = await harness.refusalOf("collection.define", { name })
    const why = /^[a-z]+$/.test(name) ? "is a reserved name" : "must begin with a lower-case letter, then letters, digits, _ or -"
    expect({ name, issues: refusal.issues?.map(({ message }) => message) }).toEqual({ name, issues: [why] })
  }
})

test("it needs the scope admin", async () => {
  const harness = new Harness()
  const value = { op: "collection.define", data: { name: "goals" } }
  expect(await harness.refusal(value, { principal: keyWith("read", "write", "log") })).toMatchObject({ code: "forbidden", operation: 0 })
})

test("unknown fields are refused", async () => {
  expect(issuesOf(await new Harness().refusalOf("collection.define", { name: "goals", feilds: {} }))).toEqual(["/feilds unknown-field"])
})
