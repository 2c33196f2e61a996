// Random histories, and random versions and entities of them reverted: what comes back is what was there, nothing else changes, and
// the revert of the revert is the beginning. A failing seed says so in its test's name.
import { expect, test } from "bun:test"
import type { Executed } from "../../src/operations/batch-run.ts"
import { openRecord } from "../../src/protocol/record.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Random } from "../sim/random.ts"
import { Harness, type Json, type Operation } from "./harness.ts"

const ids = ["a", "b", "c", "d"]
const collections = ["goals", "notes"]
const seeds = Array.from({ length: 30 }, (_, n) => n + 1)

function operation(random: Random): Operation {
  const [collection, id, n] = [random.pick(collections), random.pick(ids), random.between(0, 9)]
  const email = random.pick(["x@example.com", "y@example.com", `${id}@example.com`])
  const some: readonly Operation[] = [
    { op: "document.put", data: { collection, id, value: { n } } },
    { op: "document.put", data: { collection, id, value: { n } } },
    { op: "document.increment", data: { collection, id, field: "n", by: 1 } },
    { op: "document.delete", data: { collection, id } },
    { op: "user.create", data: { id, email } },
    { op: "user.update", data: { id, email, data: { n } } },
    { op: "user.delete", data: { id } },
    { op: "credential.setPassword", data: { userId: id, password: "right horse" } },
    { op: "collection.define", data: { name: collection } },
    random.chance(0.2) ? { op: "collection.drop", data: { name: collection } } : { op: "document.create", data: { collection, id, value: { n } } },
  ]
  return random.pick(some)
}

/** Every entity that is not hidden, by its path, as of a version. */
function everything(harness: Harness, at: number): Map<string, Json> {
  const found = new Map<string, Json>()
  for (const [collection, names] of [["collections", collections], ["users", ids], ...collections.map((name) => [name, ids] as const)] as const) {
    for (const id of names) {
      const body = harness.get(collection, id, at)
      if (body !== undefined) found.set(`${collection}/${id}`, body)
    }
  }
  return found
}

function content(body: Json | undefined): Json | undefined {
  if (body === undefined) return undefined
  const { version: _, updatedAt: _u, ...rest } = body
  return rest
}

/** Of the entities that a version wrote, apart from hidden ones. */
function written(harness: Harness, version: number): string[] {
  return harness.record(version).writes.map(({ collection, id }) => `${collection}/${id}`).filter((path) => !path.startsWith("credentials/"))
}

function expectReverted(harness: Harness, version: number, executed: Executed): void {
  if (executed.kind !== "record") throw new Error("not a record")
  const reverting = openRecord(executed.record.bytes).version
  const [before, now, last] = [everything(harness, version - 1), everything(harness, reverting), everything(harness, reverting - 1)]
  const paths = new Set(written(harness, version))
  for (const path of new Set([...before.keys(), ...now.keys(), ...last.keys()])) {
    const expected = paths.has(path) ? before.get(path) : last.get(path)
    expect([path, content(now.get(path))]).toEqual([path, content(expected)])
    if (!paths.has(path)) expect(now.get(path)).toEqual(expected as Json)
  }
  // No password that was not there right before it.
  for (const id of ids) {
    const credential = harness.get("credentials", id, reverting)
    if (credential !== undefined) expect(credential).toEqual(harness.get("credentials", id, reverting - 1) as Json)
  }
}

/** One entity, taken back to a random version: it alone changes, and is what it was. */
async function takeBack(harness: Harness, random: Random): Promise<void> {
  const head = harness.store.position().head
  const [collection, id, to] = [random.pick([...collections, "users"]), random.pick(ids), random.between(Math.max(0, head - 6), head)]
  const executed = await harness.run({ op: "revert", data: { collection, id, to, force: random.chance(0.5) } })
  const outcome = `entity ${executed.kind === "refused" ? executed.refusal.code : executed.kind}`
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  if (executed.kind !== "record") return
  const path = `${collection}/${id}`
  const [then, now, last] = [everything(harness, to), everything(harness, head + 1), everything(harness, head)]
  expect([path, content(now.get(path))]).toEqual([path, content(then.get(path))])
  for (const entities of [now, last]) entities.delete(path)
  expect(now).toEqual(last)
}

/** What the reverts of all seeds came to, so that a test can see that they were not all of one kind. */
const outcomes = new Map<string, number>()

test.each(seeds)("seed %d: a revert gives exactly the earlier states, and its own revert the ones before it", async (seed) => {
  const random = new Random(seed)
  const harness = new Harness()
  await harness.commit(...collections.map((name) => ({ op: "collection.define", data: { name } })))
  for (let step = 0; step < 60; step++) {
    harness.nowMs += 1_000
    const head = harness.store.position().head
    if (random.chance(0.6)) {
      await harness.batch(Array.from({ length: random.between(1, 3) }, () => ({ operations: Array.from({ length: random.between(1, 3) }, () => operation(random)) })))
      continue
    }
    if (random.chance(0.3)) {
      await takeBack(harness, random)
      continue
    }
    const version = random.chance(0.6) ? head : random.between(1, head)
    const force = random.chance(0.4)
    const executed = await harness.run({ op: "revert", data: { version, force } })
    const outcome = executed.kind === "refused" ? executed.refusal.code : executed.kind
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if (executed.kind !== "record") continue
    expectReverted(harness, version, executed)
    if (random.chance(0.5)) continue
    const back = await harness.run({ op: "revert", data: { version: head + 1 } })
    if (back.kind === "record") {
      expectReverted(harness, head + 1, back)
      for (const [path, body] of everything(harness, head)) expect([path, content(everything(harness, head + 2).get(path))]).toEqual([path, content(body)])
      continue
    }
    // Somebody's old address, say, was free until the revert; but right after it nothing stands in the way.
    throw new Error(`the revert of a revert is refused: ${JSON.stringify(back)}`)
  }
  expect((await verifyStore(harness.store, () => {})).problems).toEqual([])
})

test("the reverts above were of every kind", () => {
  const kinds = ["collection-missing", "conflict", "record", "unique", "entity collection-missing", "entity conflict", "entity entity-missing", "entity record"]
  expect(kinds.filter((kind) => !outcomes.has(kind))).toEqual([])
  for (const kind of ["record", "entity record"]) expect(outcomes.get(kind)).toBeGreaterThan(100)
})
