// Fault 19 with real processes: the wall clock of a running node jumps by a day, either way. Records go on in time, nobody's lease or
// wait changes, what has ended stays ended, and the pair never notices.
import { afterEach, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { FakeClock, isFaketimeHere } from "./fake-clock.ts"
import { FewWrites } from "./few-writes.ts"
import type { Program, RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { Witness } from "./witness.ts"

const dayS = 86_400
const dayMs = dayS * 1_000
const hourMs = 3_600_000

interface Started {
  readonly pair: RealPair
  readonly clocks: { readonly a: FakeClock; readonly b: FakeClock }
  readonly witness: Witness
  readonly writes: FewWrites
}

const pairs: RealPair[] = []
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

async function pairWithClocks(program: Program, flags: readonly string[] = []): Promise<Started> {
  const pair = await RealPair.make({ primary: program, replica: program, flags })
  pairs.push(pair)
  const clocks = { a: new FakeClock(join(pair.directory, "clock-a")), b: new FakeClock(join(pair.directory, "clock-b")) }
  pair.a.start({ environment: clocks.a.environment })
  pair.b.start({ environment: clocks.b.environment })
  await pair.inSync()
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  for (let n = 0; n < 3; n++) expect(await writes.next()).toBe("acknowledged")
  return { pair, clocks, witness, writes }
}

describe.skipIf(!isFaketimeHere).each<Program>(["bun", "deno"])("under %s, a clock that jumps by a day (needs faketime)", (program) => {
  test.each([
    ["ahead", [1, 0]],
    ["back", [-1, 0]],
  ])("%s, on either node, stops nobody; records never go back in time, and both nodes have the same", async (_, days) => {
    const { pair, clocks, witness, writes } = await pairWithClocks(program)
    const before = await timesOf(pair.a)
    for (const victim of ["a", "b"] as const) {
      for (const day of days) {
        clocks[victim].set(day * dayS)
        await until("the clock has jumped", async () => Math.abs((await aheadMs(pair[victim])) - day * dayMs) < hourMs, () => pair.printed)
        await leaseIsRenewed(pair)
        for (let n = 0; n < 4; n++) expect(await writes.next()).toBe("acknowledged")
      }
    }
    const times = await timesOf(pair.a)
    expect(times).toEqual([...times].sort((one, other) => one - other))
    // Else nothing was tried: the primary's clock was that far ahead, or would have had them go back.
    const farthestMs = Math.max(0, ...days) * dayMs
    expect(Math.abs(Number(times.at(-1)) - Number(before.at(-1)) - farthestMs)).toBeLessThan(hourMs)
    expect([pair.a.starts, pair.b.starts, pair.a.printed.includes("lease is over"), (await statusOf(pair.a)).stuck]).toEqual([1, 1, false, null])
    await witness.settle(pair)
  })

  test("does not bring back what has ended, on either node, nor ends at once what has long to live", async () => {
    const { pair, clocks, witness, writes } = await pairWithClocks(program)
    const short = await sessionOf(pair.a, "u1", "1h")
    const long = await sessionOf(pair.a, "u1", "3d")
    const letIn = async (): Promise<readonly (readonly boolean[])[]> => Promise.all(pair.nodes.map(async (node) => Promise.all([short, long].map((token) => isLetIn(node, token)))))
    expect(await letIn()).toEqual([[true, true], [true, true]])

    // Each judges by its own clock, until a record says what time it is.
    clocks.a.set(dayS)
    expect(await letIn()).toEqual([[false, true], [true, true]])
    expect(await writes.next()).toBe("acknowledged")
    expect(await letIn()).toEqual([[false, true], [false, true]])

    for (const ahead of [-dayS, 0]) {
      clocks.a.set(ahead)
      clocks.b.set(ahead)
      expect(await letIn()).toEqual([[false, true], [false, true]])
    }
    await witness.settle(pair)
  })

  test("makes no promotion come sooner, and under a new primary whose clock is behind records do not go back either (P4)", async () => {
    // Far longer than the test takes to get from one line to the next.
    const { pair, clocks, writes } = await pairWithClocks(program, ["--lease", "60s"])
    const { a, b } = pair
    clocks.a.set(dayS)
    expect(await writes.next()).toBe("acknowledged")
    await a.stop("SIGKILL")
    for (const ahead of [dayS, -dayS]) {
      clocks.b.set(ahead)
      const { promotion } = await statusOf(b)
      expect(promotion?.waitMs).toBeGreaterThan(0)
      expect(promotion?.waitMs).toBeLessThan(60_000 * 1.1 + 1)
      expect((await b.decide("promote", { solo: true })).status).toBe(409)
    }
    expect((await b.decide("promote", { solo: true, force: true })).status).toBe(200)
    await until("it writes", async () => (await b.do({ op: "user.create", data: { id: "eve", email: "eve@example.com" } }, "eve")).status === 200, () => b.printed)
    const times = await timesOf(b)
    expect(times).toEqual([...times].sort((one, other) => one - other))
  })
})

interface Status {
  readonly lease: { readonly remainingMs: number } | null
  readonly promotion: { readonly waitMs: number } | null
  readonly stuck: string | null
  readonly peer: { readonly lastHeardAt: string | null }
}

async function statusOf(node: RealNode): Promise<Status> {
  return (await node.json("/status")) as Status
}

/** By a heartbeat: nobody writes meanwhile. */
async function leaseIsRenewed({ a, printed }: RealPair): Promise<void> {
  let beforeMs = Number.POSITIVE_INFINITY
  await until("the lease is renewed", async () => {
    const remainingMs = (await statusOf(a)).lease?.remainingMs ?? 0
    const isRenewed = remainingMs > beforeMs
    beforeMs = remainingMs
    return isRenewed
  }, () => printed)
}

/** How much a node's clock is ahead of the machine's, up to what a machine may make of a second. */
async function aheadMs(node: RealNode): Promise<number> {
  const { lastHeardAt } = (await statusOf(node)).peer
  return lastHeardAt === null ? 0 : Date.parse(lastHeardAt) - Date.now()
}

/** Of every record, in the order of their versions. */
async function timesOf(node: RealNode): Promise<number[]> {
  const { items } = (await node.json("/log?limit=500")) as { readonly items: readonly { readonly time: string }[] }
  return items.map(({ time }) => Date.parse(time))
}

async function sessionOf(node: RealNode, userId: string, ttl: string): Promise<string> {
  const { status, body } = await node.do({ op: "session.create", data: { userId, ttl } })
  expect([status, body]).toEqual([200, expect.objectContaining({ results: [expect.objectContaining({ token: expect.any(String) })] })])
  return (body["results"] as readonly { readonly token: string }[])[0]?.token ?? ""
}

async function isLetIn(node: RealNode, token: string): Promise<boolean> {
  const { status } = await node.fetch("/users/u1/sessions", { headers: { authorization: `Bearer ${token}` } })
  expect([200, 401]).toContain(status)
  return status === 200
}
