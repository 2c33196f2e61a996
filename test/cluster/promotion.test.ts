// Promotion, solo and hand-over with real processes: what was acknowledged stays, and the old primary finds out that it is none.
import { describe, expect, test } from "bun:test"
import { failpointVariable } from "../../src/runtime/failpoint.ts"
import type { RealNode } from "./real-node.ts"
import { type RealPair, until } from "./real-pair.ts"
import { pairsWith } from "./started-pair.ts"

/** Short, so that a promotion need not wait for long. */
const flags = ["--lease", "2s", "--peer-timeout", "2s", "--sync-timeout", "10s"]

const withPair = pairsWith({ flags })

async function write(node: RealNode, id: string): Promise<number> {
  let version = 0
  // A machine that is busy may let a lease run out meanwhile.
  await until(`${id} is written`, async () => {
    const { status, body } = await node.do({ op: "user.create", data: { id, email: `${id}@example.com` } }, id)
    expect([id, status]).toEqual([id, status === 503 ? 503 : 200])
    version = Number(body["version"])
    return status === 200
  })
  return version
}

/** As soon as the lease is over. */
async function promote(node: RealNode, body: object = {}): Promise<void> {
  await until("it is promoted", async () => (await node.decide("promote", body)).status === 200, () => node.printed)
}

/** One of them has started again; the primary may have ended over it. */
async function togetherAgain({ a, b, printed }: RealPair): Promise<void> {
  await until("both are in sync again", async () => {
    if (!a.running) a.start()
    return (await b.isReady()) && (await a.isReady())
  }, () => printed)
}

async function statusOf(node: RealNode): Promise<{ readonly [name: string]: unknown }> {
  return (await node.json("/status")) as { readonly [name: string]: unknown }
}

describe("the primary is killed, and its replica promoted", () => {
  test("everything that was acknowledged is there, a retry gets the same answer, and the old primary is fenced with 76 (P1, P3, P5)", async () => {
    await withPair(async ({ a, b }) => {
      const version = await write(a, "ada")
      await a.stop("SIGKILL")
      await promote(b, { solo: true, reason: "a burnt down" })
      expect((await b.do({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, "ada")).body["version"]).toBe(version)
      await write(b, "bob")
      const answer = await b.fetch("/users/ada")
      expect([answer.status, answer.headers.get("tandem-role"), answer.headers.get("tandem-mode"), answer.headers.get("tandem-epoch")]).toEqual([200, "primary", "solo", "2"])
      expect(await statusOf(b)).toMatchObject({ mode: "solo", decision: { what: "promote-solo", by: "root", reason: "a burnt down" } })

      a.start()
      expect(await a.ended).toEqual({ code: 76, signal: null })
      expect(a.printed).toContain("rejoin")
    })
  })

  test("at each step of being promoted, the replica too: it is one or the other afterwards, and loses nothing", async () => {
    await Promise.all(
      (["replica.identify.before", "replica.identify.after", "replica.promote.after"] as const).map((failpoint) =>
        withPair(async (pair) => {
          const { a, b } = pair
          await write(a, "ada")
          await b.stop("SIGKILL")
          b.start({ environment: { [failpointVariable]: failpoint } })
          await togetherAgain(pair)
          await write(a, "bob")
          await a.stop("SIGKILL")
          await until("b dies of it", async () => {
            await b.decide("promote").catch(() => undefined)
            return !b.running
          })
          b.start()
          await until("b answers", async () => (await statusOf(b).catch(() => undefined)) !== undefined, () => b.printed)
          if ((await statusOf(b))["role"] === "replica") await promote(b)
          expect(await statusOf(b)).toMatchObject({ role: "primary", epoch: { number: 2 }, committed: 2 })
          for (const id of ["ada", "bob"]) expect((await b.fetch(`/users/${id}`)).status).toBe(200)
        }),
      ),
    )
  })

  test("not before its lease is over", async () => {
    await withPair(
      async ({ a, b }) => {
        await a.stop("SIGKILL")
        const { status, body } = await b.decide("promote")
        expect([status, body["code"]]).toEqual([409, "wrong-state"])
        expect(body["detail"]).toContain("its primary may still answer reads for")
      },
      { flags: ["--lease", "60s", "--peer-timeout", "1s"] },
    )
  })
})

describe("a primary that was paused while its replica was promoted", () => {
  test("ends with 76 or 75, and neither answers a read nor acknowledges anything (P4, P5)", async () => {
    await withPair(async ({ a, b }) => {
      await write(a, "ada")
      a.kill("SIGSTOP")
      await promote(b, { solo: true })
      const asked = [a.fetch("/users/ada"), a.do({ op: "user.update", data: { id: "ada", name: "stale" } })].map((answer) => answer.catch(() => undefined))
      expect((await b.do({ op: "user.update", data: { id: "ada", name: "new" } })).status).toBe(200)
      a.kill("SIGCONT")
      const answers = await Promise.all(asked)
      for (const answer of answers) expect(answer?.status ?? 503).toBe(503)
      const { code } = await a.ended
      expect(code === 75 || code === 76).toBe(true)
    })
  })
})

describe("solo", () => {
  test("writes go on without the replica, which gets them when it is back; then it is over by itself, and logged", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      a.supervise()
      await b.stop("SIGKILL")
      await until("it is solo", async () => (await a.decide("solo", { on: true, reason: "b gets a disk" }).catch(() => undefined))?.status === 200, () => a.printed)
      for (let n = 0; n < 20; n++) await write(a, `u${n}`)
      await a.stop("SIGKILL")
      a.start()
      await until("a answers", async () => (await statusOf(a).catch(() => undefined))?.["mode"] === "solo", () => a.printed)
      await write(a, "after-a-restart")
      b.start()
      await pair.inSync()
      await until("its end is logged on both", async () => {
        const all = await Promise.all([a, b].map(statusOf))
        return all.every(({ mode, decision }) => mode === "paired" && (decision as { what: string } | null)?.what === "paired")
      })
      expect((await b.fetch("/users/u19")).status).toBe(200)
    })
  })
})

describe("a hand-over", () => {
  test("changes the roles in both processes, back and forth; nobody exits, and clients that follow 421 write on", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      for (const [n, [from, to]] of [[a, b], [b, a], [a, b]].entries()) {
        if (from === undefined || to === undefined) throw new Error("a pair has two nodes")
        await write(from, `before-${n}`)
        expect(await from.decide("handover", { reason: "a new kernel" })).toMatchObject({ status: 200, body: { role: "replica", epoch: { number: n + 2 } } })
        await pair.inSync()
        expect((await from.do({ op: "user.create", data: { email: "x@example.com" } })).status).toBe(421)
        await write(to, `after-${n}`)
      }
      expect(pair.nodes.map(({ starts }) => starts)).toEqual([1, 1])
    }, { flags: [] })
  })

  test("killed at each of its steps, on either side: no node lies, and the pair comes together again", async () => {
    const steps = [
      ["a", "primary.handover.before"],
      ["a", "primary.identify.before"],
      ["a", "primary.identify.after"],
      ["a", "primary.handover.after"],
      ["b", "replica.identify.before"],
      ["b", "replica.identify.after"],
      ["b", "replica.promote.after"],
    ] as const
    await Promise.all(
      steps.map(([name, failpoint]) =>
        withPair(async (pair) => {
          const victim = pair[name]
          await victim.stop("SIGKILL")
          victim.start({ environment: { [failpointVariable]: failpoint } })
          await togetherAgain(pair)
          await write(pair.a, "ada")
          await pair.a.decide("handover").catch(() => undefined)
          await until("it dies of it", () => !victim.running, () => pair.printed)
          const roles = await settled(pair)
          // Either the hand-over came to pass, and the old primary is fenced, or it did not, or both roles have changed.
          expect(["primary replica", "fenced primary", "replica primary"]).toContain(roles)
          for (const node of pair.nodes) if (node.running) expect((await node.fetch("/users/ada")).status).toBe(200)
        }, { flags: [] }),
      ),
    )
  })
})

/** Starts whatever ended in a way that another start may mend, until both are in sync, or the old primary is fenced. */
async function settled({ a, b, printed }: RealPair): Promise<string> {
  let fenced = false
  await until("they have come together", async () => {
    for (const node of [a, b]) {
      if (node.running || (node === a && fenced)) continue
      const { code } = await node.ended
      fenced ||= node === a && code === 76
      if (!fenced || node === b) node.start()
    }
    if (fenced) return (await statusOf(b).catch(() => undefined))?.["role"] === "primary"
    return (await a.isReady()) && (await b.isReady())
  }, () => printed)
  if (fenced) return `fenced ${String((await statusOf(b))["role"])}`
  return `${String((await statusOf(a))["role"])} ${String((await statusOf(b))["role"])}`
}
