// user.delete.
import { expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

test("a deleted user is gone, its password with it in the same version, and its past is readable", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  await harness.commit({ op: "credential.setPassword", data: { userId: "ada", password: "correct horse" } })
  expect(await harness.commit({ op: "user.delete", data: { id: "ada" } })).toEqual([{ id: "ada" }])
  expect(harness.get("users", "ada")).toBeUndefined()
  expect(harness.get("credentials", "ada")).toBeUndefined()
  expect(harness.record().writes.map(({ collection, id }) => `${collection}/${id}`).sort()).toEqual(["credentials/ada", "users/ada"])
  expect(harness.get("users", "ada", 2)?.["email"]).toBe("ada@x.org")
})

test("an id used again does not bring the old password back", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } }, { op: "credential.setPassword", data: { userId: "ada", password: "correct horse" } })
  await harness.commit({ op: "user.delete", data: { id: "ada" } }, { op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  expect(harness.get("users", "ada")).toMatchObject({ version: 2, createdVersion: 2 })
  expect(harness.get("credentials", "ada")).toBeUndefined()
})

test("its address is free at once", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  await harness.commit({ op: "user.delete", data: { id: "ada" } }, { op: "user.create", data: { id: "eve", email: "ADA@x.org" } })
  expect(harness.get("users", "eve")?.["email"]).toBe("ADA@x.org")
})

test("a user that is not there, or no more, is missing", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  await harness.commit({ op: "user.delete", data: { id: "ada" } })
  for (const id of ["ada", "bob"]) expect(await harness.refusalOf("user.delete", { id })).toMatchObject({ code: "entity-missing", pointer: "/id" })
})

test("only an id is taken", async () => {
  const harness = new Harness()
  expect(issuesOf(await harness.refusalOf("user.delete", { id: "ada", force: true }))).toEqual(["/force unknown-field"])
  expect(issuesOf(await harness.refusalOf("user.delete", {}))).toEqual(["/id strict_object"])
})
