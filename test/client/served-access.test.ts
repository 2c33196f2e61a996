// An app without a server of its own: anybody signs up, users see and change what is theirs, and follow it.
import { afterEach, expect, test } from "bun:test"
import type { Service } from "../../src/client/service.ts"
import { TandemError } from "../../src/client/tandem-error.ts"
import { Harness } from "../http/harness.ts"
import { refusalOf } from "./scripted-server.ts"
import { listed, servedService } from "./served-service.ts"

const open: Harness[] = []
afterEach(() => open.splice(0).forEach(({ app }) => app.endFeed()))

const password = "correct horse"
const own = { create: "owner:owner", read: "owner:owner", update: "owner:owner", delete: "owner:owner" } as const
const goals = { owner: { type: "reference", to: "users", required: true, onDelete: "cascade" }, title: { type: "string", required: true } } as const

/** Of an app: its definitions are made, and nobody has signed up. */
async function started(): Promise<Service> {
  const tandem = new Harness()
  open.push(tandem)
  const service = servedService(tandem)
  await service.define({ name: "users", access: { create: "public", read: "owner:id", update: "owner:id", delete: "owner:id" } })
  await service.define({ name: "goals", fields: goals, access: own })
  return service
}

const goalsOf = (service: Service) => service.collection<{ readonly owner: string; readonly title: string }>("goals")
const codeOf = async (call: Promise<unknown>) => (await refusalOf(call, TandemError)).code

test("anybody signs up, once by address, and acts as the user from then on", async () => {
  const service = await started()
  const anybody = service.withToken(undefined)
  const { user, session, service: ada } = await anybody.signUp({ email: "ada@example.com", name: "Ada", password, idle: "1h" })
  expect([user.name, session.userId, session.token.startsWith("ts_")]).toEqual(["Ada", user.id, true])
  expect(await ada.getUser(user.id)).toEqual(user)
  expect(await codeOf(anybody.signUp({ email: "ADA@example.com", password }))).toBe("unique")
  expect(await codeOf(anybody.logIn({ email: "ada@example.com", password: "wrong horse" }))).toBe("login-failed")
  const { service: again } = await anybody.logIn({ email: "ada@example.com", password })
  await again.updateUser(user.id, { name: "Ada L." })
  expect((await ada.getUser(user.id))?.name).toBe("Ada L.")
  await ada.logOut(session.id)
  expect(await codeOf(ada.getUser(user.id))).toBe("unauthenticated")
})

test("users see, list and follow what is theirs, and nothing else", async () => {
  const anybody = (await started()).withToken(undefined)
  const { user: ada, service: asAda } = await anybody.signUp({ email: "ada@example.com", password })
  const { user: eva, service: asEva } = await anybody.signUp({ email: "eva@example.com", password })
  const since = asEva.version
  const { id } = await goalsOf(asAda).create({ owner: ada.id, title: "Read" })
  const evas = await goalsOf(asEva).create({ owner: eva.id, title: "Write" })
  expect((await listed(goalsOf(asAda).list())).map(({ value }) => value.title)).toEqual(["Read"])
  expect(await goalsOf(asEva).get(id)).toBeUndefined()
  expect(await codeOf(goalsOf(asEva).patch(id, { title: "Stolen" }))).toBe("entity-missing")
  expect(await codeOf(goalsOf(asEva).create({ owner: ada.id, title: "Hers" }))).toBe("invalid")
  const feed = goalsOf(asEva).changes({ since })
  expect((await feed.next()).value).toMatchObject({ version: evas.version, changes: [{ change: "created", value: { id: evas.id } }] })
  await feed.return()
})

test("users change their password knowing the one they have, which ends their other sessions", async () => {
  const anybody = (await started()).withToken(undefined)
  const { user, service: here } = await anybody.signUp({ email: "ada@example.com", password })
  const { service: there } = await anybody.logIn({ email: "ada@example.com", password })
  expect(await codeOf(here.setPassword(user.id, "battery staple", { currentPassword: "wrong horse" }))).toBe("login-failed")
  await here.setPassword(user.id, "battery staple", { currentPassword: password, revokeSessions: true })
  expect((await here.getUser(user.id))?.id).toBe(user.id)
  expect(await codeOf(there.getUser(user.id))).toBe("unauthenticated")
})
