// Collections whose definition is made through the client: what their documents are follows from it, for the compiler and at the node.
import { expect, test } from "bun:test"
import type { Collection, Service } from "../../src/client/service.ts"
import { TandemError } from "../../src/client/tandem-error.ts"
import { Harness } from "../http/harness.ts"
import { refusalOf } from "./scripted-server.ts"
import { listed, servedService } from "./served-service.ts"

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false
type DocumentsOf<Of> = Of extends Collection<infer Value, infer New> ? readonly [Value, New] : never

const define = (service: Service) =>
  service.define({
    name: "goals",
    fields: {
      owner: { type: "reference", to: "users", required: true, onDelete: "cascade" },
      title: { type: "string", required: true },
      kind: { type: "string", enum: ["work", "home"], required: true, default: "home" },
      stars: { type: "integer", index: true, min: 0, max: 5 },
      due: { type: "time" },
      tags: { type: "json" },
      createdAt: { type: "time", index: true },
    },
  })

test("what documents are, and what is given to make one, follows from the fields", () => {
  interface Value {
    readonly owner: string
    readonly title: string
    readonly kind: "work" | "home"
    readonly stars?: number | null
    readonly due?: string | null
    readonly tags?: unknown
  }
  interface New {
    readonly owner: string
    readonly title: string
    readonly kind?: "work" | "home"
    readonly stars?: number | null
    readonly due?: string | Date | null
    readonly tags?: unknown
  }
  type Plain<Of> = { [Name in keyof Of]: Of[Name] }
  const same: Same<DocumentsOf<Awaited<ReturnType<typeof define>>>, readonly [Plain<Value>, Plain<New>]> = true
  expect(same).toBe(true)
})

test("a node fills in defaults, makes times the same everywhere, and says all that is wrong", async () => {
  const service = servedService(new Harness())
  const { id: owner } = await service.createUser({ email: "ada@example.com" })
  const goals = await define(service)
  const { value } = await goals.create({ owner, title: "Read", stars: 3, due: new Date("2026-01-01T01:00:00+01:00") }, { id: "g1" })
  expect(value).toEqual({ owner, title: "Read", kind: "home", stars: 3, due: "2026-01-01T00:00:00.000Z" })
  const wrong = { owner: "nobody", title: 1, stars: 9 } as unknown as { owner: string; title: string }
  const { issues } = await refusalOf(goals.create(wrong), TandemError)
  expect(issues.map(({ pointer }) => pointer).sort()).toEqual(["/value/owner", "/value/stars", "/value/title"])
  await service.deleteUser(owner)
  expect(await goals.get("g1")).toBeUndefined()
})

test("documents are listed by fields with an index, in both directions, several filters at once, and counted", async () => {
  const service = servedService(new Harness())
  const { id: owner } = await service.createUser({ email: "ada@example.com" })
  const goals = await define(service)
  await goals.create({ owner, title: "Read", stars: 3 }, { id: "g1" })
  await goals.create({ owner, title: "Write", kind: "work", stars: 5 }, { id: "g2" })
  await goals.create({ owner, title: "Rest", stars: null }, { id: "g3" })
  const ids = async (options: Parameters<typeof goals.list>[0]) => (await listed(goals.list(options))).map(({ id }) => id)
  expect(await ids({ sort: "-stars" })).toEqual(["g2", "g1", "g3"])
  expect(await ids({ where: { owner, stars: { gte: 3, lt: 5 } }, sort: "createdAt" })).toEqual(["g1"])
  expect((await goals.page({ where: { owner }, count: true, limit: 1 })).count).toBe(3)
  expect((await listed(goals.list({ where: { stars: { gt: 0 } }, fields: ["title"] }))).map(({ value }) => value)).toEqual([{ title: "Read" }, { title: "Write" }])
  expect(await refusalOf(goals.page({ sort: "title" }), TandemError)).toMatchObject({ status: 400, hint: expect.stringContaining('"index": true') })
})

test("a definition is read as it is, and what is left out of another stays", async () => {
  const service = servedService(new Harness())
  await define(service)
  await service.define({ name: "goals", access: { read: "owner:owner" } })
  const { fields, access, indexes, version } = (await service.getCollection("goals")) ?? {}
  expect(version).toBe(service.version)
  expect(fields?.["kind"]).toEqual({ type: "string", enum: ["work", "home"], required: true, default: "home" })
  expect(access).toEqual({ create: "server", read: "owner:owner", update: "server", delete: "server" })
  expect(indexes?.["owner"]).toMatchObject({ unique: false, state: "ready" })
  await service.define({ name: "goals", fields: null, access: { read: "server" } })
  expect((await service.collection("goals").create({ anything: 1 })).value).toEqual({ anything: 1 })
})
