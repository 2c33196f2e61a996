// What an operator may decide, at two whole nodes: promote, solo, handover; and what each says where it is out of place.
import { describe, expect, test } from "bun:test"
import { setImmediate } from "node:timers/promises"
import type { TandemNode } from "../../src/node/node.ts"
import { Operator, type OperatorParts } from "../../src/node/operator.ts"
import { pairRow, pairStateOf, unlogged } from "../../src/operations/pair-state.ts"
import { digestText, genesisDigest } from "../../src/protocol/digest.ts"
import { until } from "../cluster/real-pair.ts"
import { atWork } from "../../src/protocol/decisions.ts"
import { noPairYet } from "../../src/protocol/promotion.ts"
import { soloWaitMs } from "../../src/protocol/read-lease.ts"
import { isRefusal } from "../../src/refusal.ts"
import { log } from "../protocol/chain.ts"
import { Pair, timing } from "../protocol/pair.ts"
import type { DrivenStore } from "./driven-pair.ts"
import { NodePair } from "./node-pair.ts"
import { submitted } from "./submitted.ts"

const user = (id: string) => submitted({ op: "user.create", data: { id, email: `${id}@example.com` } }, id)
const asked = { by: "root", reason: "a burnt down" }
const promotion = { ...asked, solo: false, force: false }
const leaseMs = 11_000
const soloWait = soloWaitMs({ leaseMs: 10_000, peerTimeoutMs: 5_000 })

/** As the log has it, at the newest committed version. */
const logged = (store: DrivenStore) => pairStateOf(store.row(pairRow.collection, pairRow.id, store.position().committed))

const inSync = (node: TandemNode) => () => node.status().peer.inSync

/** a is cut off, and its lease is over. */
async function cut(): Promise<NodePair> {
  const pair = await new NodePair().start()
  expect(await pair.a.submit(user("u1"))).toMatchObject({ kind: "committed", version: 1 })
  pair.down = true
  pair.nowMs += leaseMs
  return pair
}

describe("promote", () => {
  test("waits for the lease of the primary that was heard, and says for how long", async () => {
    await using pair = await new NodePair().start()
    const refusal = await pair.b.promote(promotion)
    expect(refusal).toMatchObject({ refused: true, code: "wrong-state", detail: "Node b is the replica of epoch 1, and is not promoted: its primary may still answer reads for 11 s." })
    expect(pair.b.role()).toBe("replica")
    expect(pair.b.status().promotion).toEqual({ lacking: false, waitMs: leaseMs })
  })

  test("makes the replica a primary in the same process: it reads, and writes once a replica is in sync", async () => {
    await using pair = await cut()
    expect(await pair.b.promote(promotion)).toEqual({ node: "b", role: "primary", epoch: { number: 2, id: expect.any(String) }, mode: "paired", head: 1, committed: 1, primary: "http://b.test" })
    expect(pair.b.role()).toBe("primary")
    expect(pair.b.whyNotReadable()).toBeUndefined()
    expect(pair.b.maybeStale()).toBe(false)
    expect(await pair.b.submit(user("u2"))).toMatchObject({ kind: "refused", refusal: { code: "unavailable" } })
    expect(pair.b.status()).toMatchObject({ role: "primary", mode: "paired", promotion: null, decision: { what: "promote", by: "root", reason: "a burnt down", forced: false } })
  })

  test("with solo: it writes at once, and the decision is in the log before anything else", async () => {
    await using pair = await cut()
    expect(await pair.b.promote({ ...promotion, solo: true })).toMatchObject({ role: "primary", mode: "solo", committed: 2 })
    expect(logged(pair.bStore)).toMatchObject({ version: 2, what: "promote-solo", by: "root", reason: "a burnt down", forced: false, epoch: 2, serial: 1, primary: "b", mode: "solo" })
    expect(await pair.b.submit(user("u2"))).toMatchObject({ kind: "committed", version: 3 })
    expect(pair.b.mode()).toBe("solo")
  })

  test("with solo: nothing of a client is looked at before the decision is in the log (I10)", async () => {
    await using pair = await cut()
    const promoted = pair.b.promote({ ...promotion, solo: true })
    while (pair.b.role() !== "primary") await setImmediate()
    expect(unlogged(pair.bStore.identity(), pair.bStore)).toHaveLength(1)
    expect(await pair.b.submit(user("u2"))).toMatchObject({ kind: "refused", refusal: { code: "unavailable" } })
    expect(pair.b.whyNotWritable()).toMatchObject({ code: "unavailable" })
    await promoted
    expect(pair.b.whyNotWritable()).toBeUndefined()
    expect(unlogged(pair.bStore.identity(), pair.bStore)).toHaveLength(0)
  })

  test("a retry under its key gets the answer that the old primary gave (P3)", async () => {
    await using pair = await cut()
    await pair.b.promote({ ...promotion, solo: true })
    expect(await pair.b.submit(user("u1"))).toMatchObject({ kind: "committed", version: 1, replayed: true })
  })

  test("twice: it says that it is the primary already, and of which epoch", async () => {
    await using pair = await cut()
    await pair.b.promote(promotion)
    expect(await pair.b.promote(promotion)).toMatchObject({ code: "wrong-state", detail: "Node b is the primary of epoch 2 already.", hint: expect.stringContaining("solo on") })
  })

  test("forced, it waits for no lease", async () => {
    await using pair = await new NodePair().start()
    expect(await pair.b.promote({ ...promotion, force: true })).toMatchObject({ role: "primary" })
    expect(pair.b.status().decision).toMatchObject({ forced: true })
  })

  test("the old primary stops as soon as it hears of the new one (P5)", async () => {
    await using pair = await new NodePair().start()
    await pair.b.promote({ ...promotion, force: true })
    await until("a stops", () => pair.fatals.some((line) => String(line).startsWith("fenced:")))
  })
})

describe("solo", () => {
  test("is for a primary whose replica does not answer", async () => {
    await using pair = await new NodePair().start()
    expect(await pair.a.solo({ ...asked, force: false, on: true })).toMatchObject({ code: "wrong-state", detail: "Node a is the primary of epoch 1, and its mode stays paired: it is in sync with node b, so nothing keeps it from writing." })
    expect(await pair.b.solo({ ...asked, force: false, on: true })).toMatchObject({ code: "wrong-state", detail: "Node b is the replica of epoch 1: only a primary can be solo.", hint: expect.stringContaining("promote --solo") })
    expect(await pair.a.solo({ ...asked, force: false, on: false })).toMatchObject({ code: "wrong-state", detail: "Node a is the primary of epoch 1, and its mode stays paired: it is not solo." })
  })

  test("begins with its record, and ends by itself, with another, once the replica is in sync", async () => {
    await using pair = await cut()
    await until("a has noticed", () => pair.a.status().stuck !== null)
    pair.nowMs += soloWait
    await until("the replica's reads are over", async () => !isRefusal(await pair.a.solo({ ...asked, force: false, on: true })))
    expect(pair.a.status()).toMatchObject({ node: "a", role: "primary", mode: "solo", committed: 2 })
    expect(logged(pair.aStore)).toMatchObject({ what: "solo", by: "root", reason: "a burnt down", mode: "solo", epoch: 1 })
    expect(await pair.a.submit(user("u2"))).toMatchObject({ kind: "committed", version: 3 })
    expect(pair.a.whyNotReadable()).toBeUndefined()
    pair.down = false
    await until("both are in sync", inSync(pair.a))
    expect(pair.a.mode()).toBe("paired")
    await until("its end is logged on both", () => [pair.aStore, pair.bStore].every((store) => logged(store)?.what === "paired"))
    expect(logged(pair.bStore)).toMatchObject({ by: "tandem", reason: "the replica is in sync", mode: "paired", serial: 2 })
    expect(pair.b.status().decision).toEqual({ what: "paired", by: "tandem", reason: "the replica is in sync", forced: false })
  })

  test("waits until the replica, which may be cut off only, says that what it shows may be stale (P4)", async () => {
    await using pair = await cut()
    await until("a has noticed", () => pair.a.status().stuck !== null)
    expect(pair.b.maybeStale()).toBe(true)
    pair.nowMs -= 2_000
    expect(pair.b.maybeStale()).toBe(false)
    expect(await pair.a.solo({ ...asked, force: false, on: true })).toMatchObject({ code: "wrong-state", detail: expect.stringContaining("its replica may still show what it has as the newest") })
  })

  test("off: nothing is written until the replica is in sync, and reads go on", async () => {
    await using pair = await cut()
    await until("a has noticed", () => pair.a.status().stuck !== null)
    pair.nowMs += soloWait
    await until("the replica's reads are over", async () => !isRefusal(await pair.a.solo({ ...asked, force: false, on: true })))
    expect(await pair.a.solo({ ...asked, force: false, on: false })).toMatchObject({ mode: "paired" })
    expect(pair.a.whyNotWritable()).toMatchObject({ code: "unavailable" })
    expect(pair.a.whyNotReadable()).toBeUndefined()
  })
})

describe("handover", () => {
  test("changes the roles, in both processes, and writes go on at the other node", async () => {
    await using pair = await new NodePair().start()
    await pair.a.submit(user("u1"))
    expect(await pair.a.handover({ by: "root", reason: "a new machine" })).toMatchObject({ node: "a", role: "replica", epoch: { number: 2 } })
    await until("both are in sync", inSync(pair.b))
    expect([pair.a.role(), pair.b.role()]).toEqual(["replica", "primary"])
    expect(await pair.b.submit(user("u2"))).toMatchObject({ kind: "committed" })
    expect(pair.a.committed()).toBe(pair.b.committed())
    await until("the decision is logged on both", () => [pair.aStore, pair.bStore].every((store) => logged(store)?.what === "handover"))
    expect(logged(pair.aStore)).toMatchObject({ by: "root", reason: "a new machine", primary: "b", epoch: 2 })
    expect(await pair.a.submit(user("u3"))).toMatchObject({ kind: "refused", refusal: { code: "not-primary", primary: "http://b.test" } })
    expect(pair.fatals).toEqual([])
  })

  test("back and forth", async () => {
    await using pair = await new NodePair().start()
    for (let n = 0; n < 4; n++) {
      const [from, to] = n % 2 === 0 ? [pair.a, pair.b] : [pair.b, pair.a]
      expect(await from.handover(asked)).toMatchObject({ role: "replica", epoch: { number: n + 2 } })
      await until("both are in sync", inSync(to))
      expect(await to.submit(user(`u${n}`))).toMatchObject({ kind: "committed" })
    }
    expect(pair.fatals).toEqual([])
  })

  test("finishes what was accepted before", async () => {
    await using pair = await new NodePair().start()
    const accepted = Array.from({ length: 20 }, (_, n) => pair.a.submit(user(`u${n}`)))
    const handed = pair.a.handover(asked)
    expect(await pair.a.submit(user("late"))).toMatchObject({ kind: "refused", refusal: { code: "unavailable" } })
    for (const outcome of await Promise.all(accepted)) expect(outcome.kind).toBe("committed")
    expect(await handed).toMatchObject({ role: "replica" })
  })

  test("at the replica, or without one in sync: it says what would be right", async () => {
    await using pair = await cut()
    expect(await pair.b.handover(asked)).toMatchObject({ code: "wrong-state", detail: "Node b is the replica of epoch 1: the primary hands over." })
    await until("a has noticed", () => pair.a.status().stuck !== null)
    expect(await pair.a.handover(asked)).toMatchObject({ code: "wrong-state", detail: "Node a is the primary of epoch 1, and does not hand over: it is not in sync with its replica." })
  })
})

describe("both nodes were promoted", () => {
  /** b by its operator; a by a disk that says so. What each wrote alone is its own. */
  async function both(writesOfA: readonly string[], writesOfB: readonly string[]): Promise<NodePair> {
    const pair = await cut()
    await pair.b.promote({ ...promotion, solo: true })
    await pair.aStore.saveIdentity({ epoch: { number: 2, id: "another" }, mode: "solo" })
    pair.restart("a")
    for (const [node, ids] of [[pair.a, writesOfA], [pair.b, writesOfB]] as const) {
      await until("it writes", () => node.whyNotWritable() === undefined)
      for (const id of ids) expect(await node.submit(user(id))).toMatchObject({ kind: "committed" })
    }
    await until("b's decision is logged", () => unlogged(pair.bStore.identity(), pair.bStore).length === 0)
    return pair
  }

  async function stopped(pair: NodePair): Promise<string[]> {
    pair.fatals.length = 0
    pair.down = false
    await until("both stop", () => pair.fatals.length >= 2)
    return pair.fatals.map(String)
  }

  test("and wrote: both stop at first contact, and name the last common version and both digests (P6)", async () => {
    await using pair = await both(["a1", "a2"], ["b1"])
    const digests = [pair.aStore, pair.bStore].map((store) => digestText(store.record(2)?.digest ?? genesisDigest))
    for (const line of await stopped(pair)) {
      expect(line).toStartWith("diverged: both nodes were promoted to epoch 2: the logs have diverged: the last common version is 1; version 2 has digest ")
      for (const digest of digests) expect(line).toContain(digest)
    }
    expect(pair.a.committed()).toBe(3)
  })

  test("and one wrote nothing: both stop, and say that they differ in nothing but what one of them has more", async () => {
    await using pair = await both([], ["b1"])
    for (const line of await stopped(pair)) expect(line).toBe("diverged: both nodes were promoted to epoch 2: both logs are equal up to version 1, where one of them ends")
  })

  test("from the first contact on neither acknowledges anything (P5)", async () => {
    await using pair = await both(["a1"], ["b1"])
    await stopped(pair)
    for (const node of [pair.a, pair.b]) {
      const outcome = node.submit(user("late"))
      expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(() => resolve("nothing"), 300))])).toBe("nothing")
    }
  })

  test("a primary whose rival vanishes before it has found out stops as well", async () => {
    const pair = new Pair({ a: { log: log(3), mode: "solo" }, b: { log: log(3) } })
    pair.tick()
    const envelope = { ...pair.envelope(), node: "b", session: "b9", epoch: { number: 1, id: "other" }, peerSession: pair.a.session }
    pair.coordinate({ event: "answer", envelope, answer: { kind: "refused", of: "hello", code: "epoch-forked", detail: "", log: { start: 1, head: 3 } } })
    expect(pair.a.phase.name).toBe("locating")
    pair.hold("digest", "hello")
    pair.pass(timing.peerTimeoutMs + 200)
    expect(pair.read()).toContain("a   stops, diverged: both nodes were promoted to epoch 1; the other one does not say any more where its log parts from this one")
  })
})

test("a decision that waited for what the node was at work on begins an epoch above what that has brought (I6)", async () => {
  const identity = { role: "replica", epoch: { number: 1, id: "first" } }
  const asked: number[] = []
  const replica = {
    promote: async ({ number }: { readonly number: number }): Promise<string | undefined> => {
      asked.push(number)
      if (asked.length > 1) return undefined
      identity.epoch = { number: 5, id: "fifth" }
      return atWork
    },
  }
  await operatorAt(replica, () => identity).promote(promotion)
  expect(asked).toEqual([2, 6])
})

test("a replica without a pair is told what fills it, and not that force would help", async () => {
  const replica = { promote: async () => noPairYet }
  const refusal = await operatorAt(replica, () => ({ role: "replica", epoch: { number: 0, id: "" } })).promote({ ...promotion, force: true })
  expect(refusal).toMatchObject({ refused: true, hint: "A running primary fills it, where it is started with --join." })
})

function operatorAt(replica: object, identity: () => object): Operator {
  const standing = { node: "b", role: "replica", epoch: { number: 0 } }
  const parts = { store: { identity }, newSession: () => "s", monotonicMs: () => 0, role: () => ({ replica }), standing: () => standing, snapshots: { fetching: null, cancelFetch: () => undefined }, decisionPending: () => false }
  return new Operator(parts as unknown as OperatorParts)
}
