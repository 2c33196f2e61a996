// credential.remove.
import { expect, test } from "bun:test"
import { Harness, issuesOf } from "./harness.ts"

test("takes the password away and leaves the user", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } }, { op: "credential.setPassword", data: { userId: "ada", password: "correct horse" } })
  expect(await harness.commit({ op: "credential.remove", data: { userId: "ada" } })).toEqual([{ userId: "ada" }])
  expect(harness.get("credentials", "ada")).toBeUndefined()
  expect(harness.get("users", "ada")).toMatchObject({ version: 1 })
})

test("a user without a password, or no user, is refused", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  for (const userId of ["ada", "bob"]) {
    expect(await harness.refusalOf("credential.remove", { userId })).toMatchObject({ code: "entity-missing", pointer: "/userId" })
  }
})

test("`if` is about the password, not about the user", async () => {
  const harness = new Harness()
  await harness.commit({ op: "user.create", data: { id: "ada", email: "ada@x.org" } })
  await harness.commit({ op: "credential.setPassword", data: { userId: "ada", password: "correct horse" } })
  expect(await harness.refusalOf("credential.remove", { userId: "ada" }, { if: { version: 1 } })).toMatchObject({ code: "precondition-failed", version: 2 })
  await harness.commit({ op: "credential.remove", data: { userId: "ada" }, if: { version: 2 } })
})

test("only a user's id is taken", async () => {
  expect(issuesOf(await new Harness().refusalOf("credential.remove", { userId: "ada", password: "x" }))).toEqual(["/password unknown-field"])
})
