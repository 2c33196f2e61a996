// The client against a real pair, one of everything: what runs under each runtime, and in a browser.
import { type Collection, createService, type Document, type Service, TandemError, type User } from "../../src/client/service.ts"

interface Goal {
  readonly title: string
  readonly done: boolean
  readonly stars?: number
}

export interface SmokeTarget {
  readonly url: string
  readonly replicaUrl: string
  readonly token: string
  /** So that several runs share a pair. */
  readonly name: string
}

/** What it saw; the same wherever it runs. */
export async function smoke({ name, ...target }: SmokeTarget): Promise<readonly unknown[]> {
  const service = createService(target)
  const goals = service.collection<Goal>(`goals-${name}`)
  await service.define({ name: goals.name })
  const email = `${name}@example.com`
  const user = await service.createUser({ email, name: "Ada" })
  await service.setPassword(user.id, "correct horse")
  const goal = await goals.create({ title: "Read", done: false })
  await goals.patch(goal.id, { done: true }, { if: { version: goal.version } })
  const titles: string[] = []
  for await (const { value } of goals.list({ limit: 1 })) titles.push(value.title)
  const changes: string[] = []
  for await (const { change } of goals.history(goal.id)) changes.push(change)
  const taken = await service.createUser({ email }).catch((error: unknown) => (error instanceof TandemError ? [error.code, error.status, error.outcome] : error))
  const stars = (await goals.increment(goal.id, "stars", 2, { max: 2 })).value.stars
  return [
    (await goals.get(goal.id))?.value.done,
    (await service.at(goal.version).collection<Goal>(goals.name).get(goal.id))?.value.done,
    titles,
    changes,
    taken,
    (await service.verify(email, "correct horse")) === user.id,
    (await service.verify(email, "wrong horse")) ?? null,
    (await service.getUserByEmail(email))?.id === user.id,
    (await service.getUser("nobody")) ?? null,
    (await service.status()).role,
    [stars, await codes(goals.increment(goal.id, "stars", 1, { max: 2 }), goals.revert(goal.id, goal.version))],
    (await goals.revert(goal.id, goal.version, { force: true })).map(({ change, value }) => [change, ((value as Document<Goal> | null)?.value ?? goal.value).done]),
    ...(await accounts(service, user)),
    await kept({ name, ...target }, user),
    await followed(goals, goal),
    await defined(service, name, user),
  ]
}

async function defined(service: Service, name: string, { id: owner }: User): Promise<readonly unknown[]> {
  const fields = { owner: { type: "reference", to: "users", required: true }, n: { type: "integer", index: true }, at: { type: "time" } } as const
  const notes = await service.define({ name: `notes-${name}`, fields })
  for (const n of [3, 1, 2]) await notes.create({ owner, n, at: new Date(n) })
  const numbers: unknown[] = []
  for await (const { value } of notes.list({ where: { owner, n: { gte: 2 } }, sort: "-n", fields: ["n", "at"], limit: 1 })) numbers.push(value.n, value.at)
  return [...numbers, (await notes.page({ count: true, limit: 1 })).count, ...(await codes(notes.create({ owner: "nobody" })))]
}

/** What became of a document from its creation on, and what becomes of it meanwhile. */
async function followed(goals: Collection<Goal>, { id, version }: Document<Goal>): Promise<readonly unknown[]> {
  const seen: unknown[] = []
  for await (const { changes } of goals.changes({ since: version })) {
    for (const { change, value } of changes) seen.push([change, value?.value.stars ?? null])
    if (seen.length === 3) await goals.delete(id)
    if (seen.length === 4) break
  }
  return seen
}

async function accounts(service: Service, { id, email }: User): Promise<readonly unknown[]> {
  const identity = { issuer: "https://id.example.com", subject: email }
  await service.linkIdentity(id, identity)
  const linked = (await service.getUserByIdentity(identity))?.id === id
  await service.unlinkIdentity(identity)
  const { session: one, service: own } = await service.withToken(undefined).logIn({ email, password: "correct horse", idle: "1h" })
  const self = [(await own.getUser(id))?.id === id, ...(await codes(own.updateUser(id, { verified: true }), own.session.touch("another's")))]
  const other = await service.session.create({ userId: id, data: { of: "42" } })
  const touched = await service.session.touch(one.id)
  const ofOther: unknown[] = []
  for await (const session of service.listSessions(id)) if (session.id === other.id) ofOther.push(session.data["of"])
  await service.session.revoke(one.id)
  const ended = await service.session.revokeAll(id)
  self.push(...(await codes(own.getUser(id))))
  const { token } = await service.createToken({ purpose: "reset", userId: id })
  const consumed = await service.consumeToken(token, "reset")
  return [
    linked,
    self,
    [...ofOther, (await service.getUserByIdentity(identity)) ?? null],
    [touched.id === one.id, ofOther.length, ended, await service.session.revokeAll(id)],
    [consumed?.purpose, (await service.consumeToken(token, "reset")) ?? null],
  ]
}

/** An entity that is kept is read again as it is now. */
async function kept({ name, ...target }: SmokeTarget, { id, email }: User): Promise<readonly unknown[]> {
  const service = createService({ ...target, cache: 10 })
  const before = await service.getUser(id)
  const same = await service.getUser(id)
  await service.updateUser(id, { name: "Eva" })
  return [before?.email === email, same !== before && same?.version === before?.version, (await service.getUser(id))?.name]
}

/** What each of them is refused with. */
async function codes(...calls: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  const ends = await Promise.allSettled(calls)
  return ends.map((end) => (end.status === "rejected" && end.reason instanceof TandemError ? end.reason.code : end.status))
}
