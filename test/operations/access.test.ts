// The rules by themselves: what each leaves to whom.
import { expect, test } from "bun:test"
import { isWithin, reachOf, type Rule } from "../../src/operations/access.ts"
import { anonymous, type Principal } from "../../src/operations/scope.ts"
import { keyWith, root } from "./harness.ts"

const ada: Principal = { name: "user:ada", scopes: [], userId: "ada", sessionId: "s" }
const own = { field: "owner", userId: "ada" }

test("keys stand above all rules; the public has what is public, a session also what is for users, and what is its own", () => {
  const table: readonly (readonly [Rule, unknown, unknown, unknown])[] = [
    ["server", "all", "none", "none"],
    ["user", "all", "all", "none"],
    ["owner:owner", "all", own, "none"],
    ["public", "all", "all", "all"],
  ]
  for (const [rule, keys, session, everyone] of table) {
    for (const key of [root, keyWith("read")]) expect(reachOf(key, rule)).toEqual(keys as "all")
    expect([rule, reachOf(ada, rule), reachOf(anonymous, rule)]).toEqual([rule, session as "all", everyone as "all"])
  }
})

test("the owner of a document is named in its value, that of a user in its data, and of users `id` is the user itself", () => {
  expect(isWithin(own, "goals", { id: "g", value: { owner: "ada" } })).toBe(true)
  for (const value of [{ owner: "bob" }, { owner: ["ada"] }, { owner: null }, {}, Object.create({ owner: "ada" }) as object, null, "ada"]) {
    expect(isWithin(own, "goals", { id: "ada", owner: "ada", value })).toBe(false)
  }
  expect(isWithin({ field: "id", userId: "ada" }, "users", { id: "ada", data: { id: "bob" } })).toBe(true)
  expect(isWithin({ field: "id", userId: "ada" }, "users", { id: "bob", data: { id: "ada" } })).toBe(false)
  expect(isWithin({ field: "coach", userId: "ada" }, "users", { id: "bob", data: { coach: "ada" } })).toBe(true)
  expect(isWithin({ field: "__proto__", userId: "ada" }, "goals", { value: {} })).toBe(false)
})
