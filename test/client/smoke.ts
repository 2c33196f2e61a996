// The client against a real pair, one of everything: what runs under each runtime, and in a browser.
import { createService, TandemError } from "../../src/client/service.ts"

interface Goal {
  readonly title: string
  readonly done: boolean
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
  await service.defineCollection(goals.name)
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
  ]
}
