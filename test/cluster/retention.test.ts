// Retention on a real pair: killed before and after every chunk that it takes away, on either node, and nothing that may be read
// is missing; and a disk that lags behind what the other one still has stops with a sentence and its exit code (faults 18, 21).
import { describe, expect, test } from "bun:test"
import { cpSync, existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { failpoints, failpointVariable } from "../../src/runtime/failpoint.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { Turnstile } from "./turnstile.ts"
import { sameDigests } from "./witness.ts"

const kept = 20
const atOnce = new Turnstile(2)

/** Overwrites one document, again and again, each version with another value, and knows what was acknowledged. */
class Overwriting {
  readonly #pair: RealPair
  /** By version. */
  readonly acknowledged = new Map<number, number>()
  #count = 0

  constructor(pair: RealPair) {
    this.#pair = pair
  }

  async next(): Promise<void> {
    const n = this.#count++
    const operation = n === 0 ? { op: "collection.define", data: { name: "notes" } } : { op: "document.put", data: { collection: "notes", id: "one", value: { n } } }
    // Whatever becomes of it: the same is sent until it is acknowledged.
    await until(`write ${n} is acknowledged`, async () => {
      try {
        const { status, body } = await this.#pair.a.do(operation, `write-${n}`)
        if (status === 200 && n > 0) this.acknowledged.set(Number(body["version"]), n)
        return status === 200
      } catch {
        return false
      }
    }, () => this.#pair.printed)
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    await until("it happens while documents are written", async () => {
      for (let n = 0; n < 5; n++) await this.next()
      return holds()
    }, () => this.#pair.printed)
  }
}

async function oldestOf(node: RealNode): Promise<number> {
  return ((await node.json("/status")) as { readonly oldestVersion: number }).oldestVersion
}

/** From the horizon on everything is as it was acknowledged, on both nodes; below it all is refused. */
async function nothingIsMissing(pair: RealPair, { acknowledged }: Overwriting): Promise<void> {
  for (const node of pair.nodes) {
    const oldest = await oldestOf(node)
    expect(oldest).toBeGreaterThan(1)
    for (const [version, n] of acknowledged) {
      const answer = await node.fetch(`/notes/one?at=${version}`)
      const body = (await answer.json()) as object
      if (version >= oldest) expect(body).toMatchObject({ version, value: { n } })
      else expect([answer.status, body]).toMatchObject([410, { code: "trimmed", version, oldestVersion: oldest }])
    }
    expect((await node.fetch(`/log/${oldest}`)).status).toBe(200)
    expect((await node.fetch(`/log/${oldest - 1}`)).status).toBe(410)
  }
  await sameDigests(pair)
}

describe("killed at", () => {
  test.concurrent.each(failpoints.filter((name) => name.includes(".trim.")).flatMap((name) => [[name, 1] as const, [name, 3] as const]))("%s, time %d, a pair has all that may be read (P1, P7)", (failpoint, time) =>
    atOnce.pass(async () => {
      const pair = await RealPair.make({ flags: ["--retention", String(kept), "--peer-timeout", "2s"] })
      try {
        const victim = failpoint.startsWith("primary.") ? pair.a : pair.b
        victim.start({ environment: { [failpointVariable]: `${failpoint}:${time}` } })
        await pair.start()
        const writes = new Overwriting(pair)
        const died = victim.ended.then(({ signal }) => {
          pair.supervise()
          if (!victim.running) victim.start()
          return signal
        })
        await writes.until(() => victim.starts > 1)
        expect(await died).toBe("SIGKILL")
        const { acknowledged } = writes
        const before = Math.max(...acknowledged.keys())
        await writes.until(async () => (await pair.a.isReady()) && (await pair.b.isReady()) && (await oldestOf(pair.a)) > before && (await oldestOf(pair.a)) === (await oldestOf(pair.b)))
        await pair.inSync()
        await nothingIsMissing(pair, writes)
      } finally {
        await pair.remove()
      }
    }),
  )
})

describe("a disk that lags behind what the other one has", () => {
  /** A pair whose logs begin long after what `copied` was like. */
  async function trimmedPair(copied: "a" | "b"): Promise<RealPair> {
    const pair = await RealPair.make({ flags: ["--retention", String(kept)] })
    await pair.start()
    const writes = new Overwriting(pair)
    for (let n = 0; n < 5; n++) await writes.next()
    for (const node of pair.nodes) await node.stop()
    cpSync(pair[copied].data, `${pair[copied].data}-old`, { recursive: true })
    await pair.start()
    await writes.until(async () => (await oldestOf(pair.a)) > 10 && (await pair.b.fetch("/log?limit=1")).status === 200)
    // What is below the horizon is gone from both disks.
    await until("both have trimmed", async () => (await hasTrimmed(pair.a)) && (await hasTrimmed(pair.b)))
    for (const node of pair.nodes) await node.stop()
    rmSync(pair[copied].data, { recursive: true })
    cpSync(`${pair[copied].data}-old`, pair[copied].data, { recursive: true })
    return pair
  }

  async function hasTrimmed(node: RealNode): Promise<boolean> {
    const oldest = await oldestOf(node)
    const { version, counts } = (await node.json("/status/verify")) as { readonly version: number; readonly counts: { readonly records: number } }
    return counts.records === version - oldest + 1
  }

  test("the replica's: it stops, and says what is missing (P6)", async () => {
    const pair = await trimmedPair("b")
    try {
      pair.a.start()
      pair.b.start()
      expect(await pair.b.ended).toEqual({ code: 72, signal: null })
      expect(pair.b.printed).toMatch(/this node's log ends at version \d+, and the primary's log begins at \d+: it was trimmed, and what lies between is gone\. start this node with --join/i)
      await until("the primary says it, too", () => pair.a.printed.includes("it was trimmed, and what lies between is gone"))
    } finally {
      await pair.remove()
    }
  })

  test("the primary's: it stops, and says what is missing (P6)", async () => {
    const pair = await trimmedPair("a")
    try {
      pair.b.start()
      pair.a.start()
      expect(await pair.a.ended).toEqual({ code: 72, signal: null })
      expect(pair.a.printed).toMatch(/this node's log ends at version \d+, and the replica's begins at \d+: it was trimmed, and what lies between is gone/)
    } finally {
      await pair.remove()
    }
  })

  test("the replica's: started with --join it fetches a copy, and keeps what it had until it is in sync (P6)", async () => {
    const pair = await trimmedPair("b")
    try {
      pair.a.start()
      pair.b.start({ flags: ["--join"] })
      expect(await pair.b.ended).toEqual({ code: 75, signal: null })
      expect(existsSync(join(pair.b.data, "replaced.mdb"))).toBe(true)
      pair.b.start()
      await pair.inSync()
      await sameDigests(pair)
      await until("what it had is gone", () => !existsSync(join(pair.b.data, "replaced.mdb")))
    } finally {
      await pair.remove()
    }
  })
})
