// From the release before this one to this one, with clients writing all the time: the replica first, then the primary. And not back.
import { describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { previousRelease } from "../../.ci/previous-release.ts"
import { release } from "../../src/release.ts"
import { Load } from "./load.ts"
import type { RealNode } from "./real-node.ts"
import { until } from "./real-pair.ts"
import { type PairTest, pairsWith } from "./started-pair.ts"
import { Witness } from "./witness.ts"

const old = "previous release"

const withStartedPair = pairsWith({ primary: old, replica: old, flags: ["--peer-timeout", "1s"] })

function withOldPair(run: PairTest): Promise<void> {
  previousRelease()
  return withStartedPair(run)
}

/** Stopped as its supervisor would, and started with this release. */
async function upgrade(node: RealNode): Promise<void> {
  await node.stop("SIGTERM")
  node.program = "bun"
  node.start()
  node.supervise()
}

async function releaseOf(node: RealNode): Promise<unknown> {
  return ((await node.json("/status")) as { readonly release: unknown }).release
}

/** What a node left in its data directory, the lock aside, which every opener touches. */
function leftBy({ data }: RealNode): readonly string[] {
  const digestOf = (name: string) => createHash("sha256").update(readFileSync(join(data, name))).digest("hex")
  const files = readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.includes("lock"))
  return files.map(({ name }) => `${name} ${digestOf(name)}`).sort()
}

/** The release before answers 401 to a session's token that it has not heard of yet, also before it is in sync. */
const brokenBefore = ["session"] as const

describe("an upgrade from the release before", () => {
  test("replica first, then the primary: clients write on, and keep what they were told (P1, P2, P3, P4)", async () => {
    await withOldPair(async (pair) => {
      pair.supervise()
      const witness = new Witness()
      const load = new Load(pair, witness, brokenBefore)
      await load.prepare()
      load.start(4, 1)
      const { acknowledged } = witness
      await until("the old pair writes", () => witness.acknowledged > acknowledged + 50)
      expect(await releaseOf(pair.b)).not.toBe(release)

      await upgrade(pair.b)
      await pair.inSync()
      const [before, mixed] = [witness.acknowledged, await Promise.all(pair.nodes.map(releaseOf))]
      expect(mixed[0]).not.toBe(release)
      expect(mixed[1]).toBe(release)
      await until("the mixed pair writes", () => witness.acknowledged > before + 50)

      await upgrade(pair.a)
      await pair.inSync()
      const after = witness.acknowledged
      await until("the new pair writes", () => witness.acknowledged > after + 50)
      await load.stop()
      await load.settle()
      expect(await Promise.all(pair.nodes.map(releaseOf))).toEqual([release, release])
    })
  })

  test("a mixed pair lives through kills of either node", async () => {
    await withOldPair(async (pair) => {
      pair.supervise()
      const witness = new Witness()
      const load = new Load(pair, witness, brokenBefore)
      await load.prepare()
      await upgrade(pair.b)
      await pair.inSync()
      load.start(3, 2)
      for (const victims of [[pair.a], [pair.b], [pair.a, pair.b]]) {
        const { acknowledged } = witness
        await until("clients write", () => witness.acknowledged > acknowledged + 20)
        for (const victim of victims) victim.kill("SIGKILL")
      }
      await load.stop()
      await load.settle()
    })
  })

  test("the primary first: it writes nothing, goes on asking, and says that the replica comes first", async () => {
    await withOldPair(async (pair) => {
      await upgrade(pair.a)
      await until("it says so", () => pair.a.printed.includes("of a pair the replica is upgraded first"), () => pair.a.printed)
      expect((await pair.a.do({ op: "user.create", data: { email: "x@example.com" } })).status).toBe(503)
      await upgrade(pair.b)
      await pair.inSync()
      expect((await pair.a.do({ op: "user.create", data: { email: "x@example.com" } })).status).toBe(200)
    })
  })

  test("there is no way back: the release before says that it cannot read the data, ends with 65 and changes nothing (P6)", async () => {
    await withOldPair(async (pair) => {
      expect((await pair.a.do({ op: "user.create", data: { id: "before", email: "before@example.com" } })).status).toBe(200)
      for (const node of [pair.b, pair.a]) await upgrade(node)
      await pair.inSync()
      for (const node of pair.nodes) {
        await node.stop("SIGTERM")
        const left = leftBy(node)
        expect(left.some((file) => file.startsWith("data.mdb "))).toBe(true)
        const printed = node.printed.length
        node.program = old
        node.start()
        expect(await node.ended).toEqual({ code: 65, signal: null })
        expect(node.printed.slice(printed)).toMatch(/has format 3; this release reads format 2/)
        expect(leftBy(node)).toEqual(left)
        node.program = "bun"
      }
      for (const node of pair.nodes) node.start()
      await pair.inSync()
      expect((await pair.a.fetch("/users/before")).status).toBe(200)
    })
  })
})
