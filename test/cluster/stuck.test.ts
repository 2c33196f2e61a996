// A primary that has lost its replica, and a replica that has not seen its primary: they end or say so, and neither
// ever shows what may be out of date as if it were not.
import { afterEach, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { exitCodes } from "../../src/runtime/exit.ts"
import { FewWrites } from "./few-writes.ts"
import { RealPair, until } from "./real-pair.ts"
import { readTrace, isStraceHere, strace } from "./strace.ts"
import { Witness } from "./witness.ts"

const impatient = ["--lease", "2s", "--peer-timeout", "2s", "--sync-timeout", "2s"]
const leaseMs = 2_000
const stuck = { code: exitCodes.stuck, signal: null }

const pairs: RealPair[] = []
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

interface Started {
  readonly pair: RealPair
  readonly witness: Witness
  readonly writes: FewWrites
}

async function pairWithWrites(flags: readonly string[]): Promise<Started> {
  const pair = await RealPair.make({ flags })
  pairs.push(pair)
  await pair.start()
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  for (let n = 0; n < 4; n++) expect(await writes.next()).toBe("acknowledged")
  return { pair, witness, writes }
}

/** Once both are back. */
async function isWhole({ pair, witness, writes }: Started): Promise<void> {
  for (const node of pair.nodes) {
    if (!node.running) node.start()
    node.supervise()
  }
  await witness.settle(pair)
  expect(await writes.next()).toBe("acknowledged")
  await witness.settle(pair)
}

describe("a primary without its replica", () => {
  test("ends with 75 when its lease is over, and again at each start until the replica is back", async () => {
    const started = await pairWithWrites(impatient)
    const { a, b } = started.pair
    // Nobody could make it solo meanwhile.
    expect(a.printed).toContain("ends after 2000 ms (--sync-timeout), before the 4200 ms are over after which `tandem solo on` is possible")
    await b.stop("SIGKILL")
    expect(await a.ended).toEqual(stuck)
    for (let n = 0; n < 2; n++) {
      a.start()
      expect(await a.ended).toEqual(stuck)
    }
    expect(a.printed).toContain("the lease is over")
    expect(a.printed).toContain("not in sync with the replica within 2000 ms")
    await isWhole(started)
  })

  test("ends with 75 in the middle of a write, whose outcome is unknown until it is sent again (P3)", async () => {
    const started = await pairWithWrites(["--peer-timeout", "2s"])
    const { a, b } = started.pair
    await b.stop("SIGKILL")
    expect(await started.writes.next()).toBe("unknown")
    expect(await a.ended).toEqual(stuck)
    expect(a.printed).toContain("no vote on version 5 within 2000 ms")
    await isWhole(started)
  })

  test("with --when-stuck serve-reads goes on reading, says that it may be stale, refuses writes, and comes back by itself", async () => {
    const started = await pairWithWrites([...impatient, "--when-stuck", "serve-reads"])
    const { a, b } = started.pair
    expect((await a.fetch("/users/u1")).headers.get("tandem-stale")).toBeNull()
    await b.stop("SIGKILL")
    await until("it says that it is stuck", async () => ((await a.json("/status")) as { readonly stuck: unknown }).stuck !== null)
    for (const path of ["/users/u1", "/notes/one", "/notes/one/history", "/notes", "/log", "/do/write-1"]) {
      const read = await a.fetch(path)
      expect([path, read.status, read.headers.get("tandem-stale")]).toEqual([path, 200, "possible"])
    }
    const refused = await a.do({ op: "user.create", data: { id: "late", email: "late@example.com" } }, "late")
    expect([refused.status, refused.body["code"], refused.headers.has("retry-after")]).toEqual([503, "unavailable", true])
    expect(a.running).toBe(true)
    b.start()
    await started.pair.inSync()
    expect((await a.fetch("/users/u1")).headers.get("tandem-stale")).toBeNull()
    expect((await a.fetch("/users/late")).status).toBe(404)
    expect((await a.do({ op: "user.create", data: { id: "late", email: "late@example.com" } }, "late")).status).toBe(200)
    expect(a.starts).toBe(1)
    await isWhole(started)
  })
})

describe("a replica without its primary", () => {
  test("goes on reading, for what it has was acknowledged to it; a new process reads only after a sync (P4)", async () => {
    const started = await pairWithWrites([])
    const { a, b } = started.pair
    await a.stop("SIGKILL")
    expect((await b.fetch("/users/u1")).status).toBe(200)
    await b.stop("SIGKILL")
    b.start()
    await until("it listens", async () => (await b.fetch("/livez").then(({ status }) => status, () => 0)) === 200)
    for (const path of ["/users/u1", "/notes", "/notes/one/history", "/log", "/do/write-1", "/users/nobody"]) {
      expect([path, (await b.fetch(path)).status]).toEqual([path, 503])
    }
    a.start()
    await started.pair.inSync()
    expect((await b.fetch("/users/u1")).status).toBe(200)
    await isWhole(started)
  })

  test("with --stale-reads reads at once, and says that it may be stale", async () => {
    const started = await pairWithWrites([])
    const { a, b } = started.pair
    await a.stop("SIGKILL")
    await b.stop("SIGKILL")
    b.start({ flags: ["--stale-reads"] })
    await until("it reads", async () => (await b.fetch("/users/u1").then(({ status }) => status, () => 0)) === 200)
    expect((await b.fetch("/users/u1")).headers.get("tandem-stale")).toBe("possible")
    await isWhole(started)
  })
})

describe("a primary that was paused for longer than its lease", () => {
  test.each(["exit", "serve-reads"])("answers nothing as if it were new (--when-stuck %s) (P4)", async (whenStuck) => {
    const started = await pairWithWrites([...impatient, "--when-stuck", whenStuck])
    const { a, b } = started.pair
    a.kill("SIGSTOP")
    // Else the two could sync again before the first answer, which would then be new.
    await b.stop("SIGKILL")
    const pausedAtMs = performance.now()
    const paths = Array.from({ length: 50 }, (_, n) => ["/users/u1", "/notes/one", "/notes", "/log", "/do/write-1"][n % 5] ?? "")
    // They wait in the paused process's sockets.
    const reads = paths.map((path) => a.fetch(path).then(
      async (answer) => (await answer.text(), answer.status === 200 && answer.headers.get("tandem-stale") === null ? `${path} as new` : answer.status === 503 || answer.status === 200 ? "honest" : `${answer.status}`),
      () => "cut",
    ))
    const write = a.do({ op: "user.create", data: { email: "late@example.com" } }, "late").then(({ status }) => status, () => "cut")
    await until("the lease is over", () => performance.now() - pausedAtMs > leaseMs * 1.2)
    a.kill("SIGCONT")
    expect((await Promise.all(reads)).filter((end) => end !== "honest" && end !== "cut")).toEqual([])
    expect([500, 503, "cut"]).toContain(await write)
    if (whenStuck === "exit") expect(await a.ended).toEqual(stuck)
    else expect(a.running).toBe(true)
    await isWhole(started)
  })
})

describe.skipIf(!isStraceHere)("a sync that hangs", () => {
  // strace holds the sync back, and lets the process go only when that time is over, killed or not.
  const heldMs = 6_000

  test("on either node is ended by the watchdog, before it returns and with nothing promised (P1, P3)", async () => {
    await Promise.all(
      (["a", "b"] as const).map(async (name) => {
        const started = await pairWithWrites(["--peer-timeout", "2s", "--watchdog", "2s"])
        const { pair, writes } = started
        await pair.a.stop()
        await pair.b.stop()
        const victim = pair[name]
        const trace = join(pair.directory, "trace")
        victim.start({ under: strace(trace, { calls: ["fdatasync"], more: ["-e", `inject=fdatasync:delay_enter=${heldMs * 1_000}:when=1`] }) })
        await pair.start()
        expect(await writes.next()).toBe("unknown")
        expect(await victim.ended).toEqual({ code: null, signal: "SIGKILL" })
        expect(victim.printed).toContain("the main thread stood still for 2000 ms")
        expect(readTrace(trace).map(({ result }) => result)).toEqual([null])
        await isWhole(started)
      }),
    )
  })
})
