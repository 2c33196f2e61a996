// Fault 8: the disk fails at the k-th sync, page or meta page, on either node, by strace's hand: with an error, or by taking less than it
// was given and saying only how much. The node ends at once with its own exit code; nobody was told that the write is there, nobody
// waits for ever, and the next start recovers.
import { afterEach, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { exitCodes } from "../../src/runtime/exit.ts"
import { FewWrites } from "./few-writes.ts"
import { RealPair } from "./real-pair.ts"
import { readTrace, isStraceHere, strace, type SystemCall } from "./strace.ts"
import { Witness } from "./witness.ts"

type Victim = "primary" | "replica"
/** An error's name; or the number of bytes that a call says it has written, of which none is. */
type Failure = string | number

/** No page, and no meta page, has so many. */
const someBytes = 100
const pageBytes = 4_096
/** More than any transaction here writes. */
const pagesMax = 24
const runsAtOnce = 4

const pairs: RealPair[] = []
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

describe.skipIf(!isStraceHere).each<Victim>(["primary", "replica"])("a %s whose disk fails", (victim) => {
  test("to sync ends at once and starts again whole (P1, P3, I2, I3)", async () => {
    await Promise.all([1, 2, 3].map((when) => failAt(victim, "fdatasync", "EIO", when)))
  })

  test("to write a page or the meta page ends at once and starts again whole (P1, P3, I2, I3)", async () => {
    await failAtPageAndMeta(victim, (when) => (when % 2 === 0 ? "EIO" : "ENOSPC"))
  })

  test("to write several pages in one call ends at once and starts again whole (P1, P3, I2, I3)", async () => {
    await failAt(victim, "writev", "ENOSPC", 1)
  })

  // A disk that fills up in the middle of a call does that.
  test("to take all of a write, and says no more than that, ends at once and starts again whole (P1, P3, I2, I3)", async () => {
    await failAtPageAndMeta(victim, () => someBytes)
    await failAt(victim, "writev", pageBytes, 1)
  })
})

/**
 * At the k-th write of a page, for as many k as reach both kinds. A transaction writes some pages and then its meta page; how many those
 * are depends on which writes share a transaction.
 */
async function failAtPageAndMeta(victim: Victim, failure: (when: number) => Failure): Promise<void> {
  const broken: SystemCall[] = []
  while (broken.every(isMeta) || !broken.some(isMeta)) {
    expect(broken.length).toBeLessThan(pagesMax)
    const next = Array.from({ length: runsAtOnce }, (_, n) => broken.length + n + 1)
    broken.push(...(await Promise.all(next.map((when) => failAt(victim, "pwrite64", failure(when), when)))))
  }
}

/** Gives the call that failed. */
async function failAt(name: Victim, call: string, failure: Failure, when: number): Promise<SystemCall> {
  const pair = await RealPair.make({ flags: ["--peer-timeout", "2s"] })
  pairs.push(pair)
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  await pair.start()
  for (let n = 0; n < 3; n++) expect(await writes.next()).toBe("acknowledged")
  await pair.a.stop()
  await pair.b.stop()

  const victim = name === "primary" ? pair.a : pair.b
  const trace = join(pair.directory, "trace")
  const calls = [call, "sendto", "sendmsg"]
  victim.start({ under: strace(trace, { calls, more: ["-e", `inject=${call}:${typeof failure === "number" ? "retval" : "error"}=${failure}:when=${when}`] }) })
  for (const node of pair.nodes) if (!node.running) node.start()
  await pair.inSync()
  await writes.manyUntil(() => !victim.running)
  expect(await victim.ended).toEqual({ code: exitCodes.disk, signal: null })
  expect(victim.printed).toContain("the disk failed")

  const broken = readTrace(trace).find(({ name: called, result }) => called === call && result === (typeof failure === "number" ? failure : -1))
  if (broken === undefined) throw new Error(`${call} did not fail`)
  const after = readTrace(trace).filter(({ name: called, arguments: shown, beginS }) => called.startsWith("send") && shown.includes('"HTTP/1.1 200') && beginS > broken.endS)
  expect(after).toEqual([])

  for (const node of pair.nodes) {
    if (!node.running) node.start()
    node.supervise()
  }
  await witness.settle(pair)
  expect(await writes.next()).toBe("acknowledged")
  await witness.settle(pair)
  return broken
}

function isMeta({ arguments: shown }: SystemCall): boolean {
  return /, (40|4136)$/.test(shown)
}
