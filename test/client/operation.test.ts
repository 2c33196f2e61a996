// The types of operations and their results: what compiles here is what callers can rely on, and a real answer fits it.
import { expect, test } from "bun:test"
import type { ApiKey, Document, NodeCode, Operation, OperationName, Service, Transacted, User } from "../../src/client/service.ts"
import { operations } from "../../src/operations/registry.ts"
import type { RefusalCode } from "../../src/refusal.ts"
import { ScriptedServer } from "./scripted-server.ts"

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false

const three = (service: Service) =>
  service.do([
    { op: "user.create", data: { email: "ada@example.com" }, as: "u" },
    { op: "document.create", data: { collection: "goals", value: { owner: { $ref: "u.id" } } }, if: { absent: true } },
    { op: "user.update", data: { id: { $ref: "u.id" }, name: null } },
    { op: "key.create", data: { name: "web", scopes: ["read"] } },
  ])

test("each operation of a transaction has a result of its own type", async () => {
  const results: Same<Awaited<ReturnType<typeof three>>, Transacted<readonly [User, Document, User, ApiKey]>> = true
  const asked: Operation["op"][] = ["user.create", "document.create", "user.update", "key.create"]
  const server = new ScriptedServer([{ status: 200, body: { version: 1, time: "2026-01-01T00:00:00.000Z", results: [{}, {}, {}, {}] } }])
  const done = await three(server.service)
  expect(results).toBe(true)
  expect(done.results).toHaveLength(4)
  expect((JSON.parse(server.asked[0]?.body ?? "") as { operations: readonly { op: string }[] }).operations.map(({ op }) => op)).toEqual(asked)
})

test("each operation that there is has its types, and each code that a node answers with its word", () => {
  const named: { readonly [Name in OperationName]: true } = {
    "collection.define": true, "collection.drop": true, "credential.link": true, "credential.remove": true, "credential.setPassword": true,
    "credential.unlink": true, "document.create": true, "document.delete": true, "document.increment": true, "document.patch": true,
    "document.put": true, "key.create": true, "key.revoke": true, revert: true, "session.create": true, "session.revoke": true,
    "session.revokeAll": true, "session.touch": true, "token.consume": true, "token.create": true, "user.create": true, "user.delete": true, "user.update": true,
  }
  expect(Object.keys(named).sort()).toEqual(operations.map(({ name }) => name).sort())
  // Does not compile where the client does not know one.
  const known: (code: RefusalCode) => NodeCode = (code) => code
  expect(known("unique")).toBe("unique")
})

test("a document's patch names fields of its value only, at any depth", () => {
  interface Goal {
    readonly title: string
    readonly tags: readonly string[]
    readonly place: { readonly town: string; readonly street: string }
  }
  const patch: Parameters<ReturnType<typeof goalsOf<Goal>>["patch"]>[1] = { title: null, tags: ["a"], place: { street: null } }
  expect(Object.keys(patch)).toEqual(["title", "tags", "place"])
})

const goalsOf = <T extends object>(service: Service) => service.collection<T>("goals")
