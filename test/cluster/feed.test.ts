// The change feed of a real pair: those who follow it on either node, by streams and by long polls, see every version once and
// in order while nodes are killed and writes go on; a node that is told to stop lets them go on elsewhere.
import { afterEach, describe, expect, test } from "bun:test"
import { exitCodes } from "../../src/runtime/exit.ts"
import { Follower, type SeenItem } from "./follower.ts"
import { Load } from "./load.ts"
import type { Program } from "./real-node.ts"
import { type RealPair, until } from "./real-pair.ts"
import { StartedPairs } from "./started-pairs.ts"
import { Witness } from "./witness.ts"

const pairs = new StartedPairs()
afterEach(() => pairs.remove())

function make(primary: Program, replica: Program): Promise<RealPair> {
  return pairs.start({ primary, replica, flags: ["--peer-timeout", "1s"] })
}

interface LogPage {
  readonly items: readonly { readonly version: number; readonly writes: readonly { readonly collection: string; readonly id: string; readonly value: unknown }[] }[]
  readonly next: number | null
}

/** What the log says that a follower must have seen: every version that wrote something which is shown. */
async function expected(pair: RealPair, shows: (collection: string) => boolean): Promise<string[]> {
  const items: string[] = []
  for (let from: number | null = 1; from !== null; ) {
    const page = (await pair.a.json(`/log?from=${from}&limit=500`)) as LogPage
    for (const { version, writes } of page.items) {
      const changes = writes.filter(({ collection }) => shows(collection))
      if (changes.length > 0) items.push(JSON.stringify([version, changes.map(({ collection, id, value }) => [collection, id, value])]))
    }
    from = page.next
  }
  return items
}

function shown(items: readonly SeenItem[]): string[] {
  return items.map(({ version, changes }) => JSON.stringify([version, changes.map(({ collection, id, value }) => [collection, id, value])]))
}

describe.each<[Program, Program]>([["bun", "bun"], ["bun", "deno"], ["deno", "bun"]])("a primary on %s and a replica on %s", (primary, replica) => {
  test("show every version once and in order to all who follow, however often a node is killed (P1, P2, P4)", async () => {
    const pair = await make(primary, replica)
    pair.supervise()
    const witness = new Witness()
    const load = new Load(pair, witness)
    await load.prepare()
    const followers = pair.nodes.flatMap((node) => [new Follower(node, "stream").start(), new Follower(node, "poll").start()])
    const filtered = pair.nodes.flatMap((node) => [new Follower(node, "stream", "&collections=notes").start(), new Follower(node, "poll", "&collections=notes").start()])
    load.start(6, 31)
    for (const victims of [[pair.a], [pair.b], [pair.b, pair.a], [pair.a], [pair.b]]) {
      const before = witness.acknowledged
      await until("writes go on", () => witness.acknowledged > before + 40, () => pair.printed)
      for (const victim of victims) victim.kill("SIGKILL")
      await until("they are gone", () => victims.every(({ starts, running }) => !running || starts > 1))
    }
    await load.stop()
    await load.settle()
    const { committed } = (await pair.a.json("/status")) as { readonly committed: number }
    const [all, notes] = [await expected(pair, () => true), await expected(pair, (collection) => collection === "notes")]
    for (const [group, items] of [[followers, all], [filtered, notes]] as const) {
      for (const follower of group) {
        await until("it has seen everything", () => follower.items.length >= items.length, () => `${follower.items.length} of ${items.length} at ${follower.position}, committed ${committed}`)
        await follower.stop()
        expect(shown(follower.items)).toEqual(items)
        expect(follower.restarts).toBeGreaterThanOrEqual(3)
      }
    }
    expect(witness.acknowledged).toBeGreaterThan(200)
    expect(notes.length).toBeGreaterThan(20)
    expect(pair.printed).not.toContain("internal error")
  })
})

describe.each<Program>(["bun", "deno"])("under %s, SIGTERM", (program) => {
  test.each(["primary", "replica"] as const)("of the %s ends streams and long polls in order, and they go on with what they have", async (which) => {
    const pair = await make(program, program)
    const [stopped, other] = which === "primary" ? [pair.a, pair.b] : [pair.b, pair.a]
    await pair.a.do({ op: "user.create", data: { id: "ada", email: "ada@example.com" } })
    const response = await stopped.fetch("/changes", { headers: { accept: "text/event-stream" } })
    const poll = stopped.fetch("/changes?since=1&wait=60s", { signal: AbortSignal.timeout(60_000) })
    const text = response.text()
    const follower = new Follower(stopped, "stream").start()
    await until("it is followed", () => follower.position === 1)
    expect(await stopped.stop("SIGTERM")).toEqual({ code: exitCodes.done, signal: null })
    expect(await text).toMatch(/^retry: 1000\n\nid: 1\nevent: change\ndata: \{.*\}\n\n$/)
    expect(await (await poll).json()).toEqual({ items: [], version: 1, next: 1 })
    expect(other.running).toBe(true)
    await pair.start()
    await pair.a.do({ op: "user.create", data: { id: "bob", email: "bob@example.com" } })
    await until("it goes on", () => follower.position === 2)
    await follower.stop()
    expect(follower.items.map(({ version }) => version)).toEqual([1, 2])
  })
})
