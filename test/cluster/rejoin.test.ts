// The old primary comes back: fenced, it rejoins as a replica. With real processes, killed at each step of it, and in each wrong way.
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { openRecord } from "../../src/protocol/record.ts"
import { type Failpoint, failpointVariable } from "../../src/runtime/failpoint.ts"
import { type CommandOptions, runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { type RealPair, until } from "./real-pair.ts"
import { type PairTest, pairsWith } from "./started-pair.ts"
import { isStraceHere, strace } from "./strace.ts"

/** Short, so that a promotion need not wait for long. */
const flags = ["--lease", "1s", "--peer-timeout", "1s", "--max-body", "8MiB"]

const withStartedPair = pairsWith({ flags })

function withPair(run: PairTest): Promise<void> {
  return withStartedPair((pair) => {
    // With so short a lease a busy machine may end one at any time.
    pair.supervise()
    return run(pair)
  })
}

async function write(node: RealNode, id: string, size = 0): Promise<void> {
  await until(`${id} is written`, async () => {
    const data = { id, email: `${id}@example.com`, data: { filling: "x".repeat(size) } }
    const answer = await node.do({ op: "user.create", data }, id).catch(() => undefined)
    return answer?.status === 200
  }, () => node.printed)
}

async function decide(node: RealNode, what: "promote" | "solo" | "handover", body: object = {}): Promise<void> {
  await until(`${what} is done`, async () => (await node.decide(what, body).catch(() => undefined))?.status === 200, () => node.printed)
}

function rejoin(node: RealNode, more: readonly string[] = [], options: CommandOptions = {}): ReturnType<typeof runCommand> {
  return runCommand(["rejoin", ...node.flags, ...more], { program: node.program, ...options })
}

/** The old primary has acknowledged alone what the next one has never heard of, and that was promoted without it. */
async function parted(old: RealNode, next: RealNode, alone: readonly string[], size = 0): Promise<void> {
  await write(old, `before-${alone[0] ?? ""}`)
  await next.stop("SIGKILL")
  old.supervise()
  await decide(old, "solo", { on: true, reason: "the other one gets a disk" })
  for (const id of alone) await write(old, id, size)
  await old.stop("SIGKILL")
  next.start()
  await decide(next, "promote", { solo: true, reason: "the other one burnt down" })
  await write(next, `after-${alone[0] ?? ""}`)
}

/** Both are in sync, hold the same, and all of it is sound. */
async function oneAgain(pair: RealPair, primary: RealNode): Promise<void> {
  pair.supervise()
  await pair.inSync()
  await until("both are at one version", async () => {
    const [one, other] = await Promise.all(pair.nodes.map((node) => (node.json("/status") as Promise<{ digest: string; mode: string }>).catch(() => undefined)))
    return one !== undefined && one.digest === other?.digest && one.mode === "paired" && other.mode === "paired"
  }, () => pair.printed)
  await write(primary, `together-${starts(pair)}`)
  const reports = await Promise.all(pair.nodes.map((node) => node.json("/status/verify") as Promise<{ digest: string; problems: unknown[] }>))
  expect(reports.map(({ problems }) => problems)).toEqual([[], []])
  expect(reports[0]?.digest).toBe(reports[1]?.digest ?? "")
}

function starts({ nodes }: RealPair): number {
  return nodes.reduce((sum, node) => sum + node.starts, 0)
}

function discardedFiles({ data }: RealNode): string[] {
  return readdirSync(data).filter((name) => /^discarded-.*\.jsonl$/.test(name))
}

function linesOf(path: string): readonly { readonly version: number; readonly operations: readonly { readonly op: string; readonly data: { readonly id?: string } }[]; readonly digest: string; readonly record: string }[] {
  return readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as ReturnType<typeof linesOf>[number])
}

/** Of the users that are made in them. */
function idsIn(path: string): string[] {
  return linesOf(path).flatMap(({ operations }) => operations.flatMap(({ data }) => data.id ?? []))
}

async function has(node: RealNode, id: string): Promise<boolean> {
  return (await node.fetch(`/users/${id}`)).status === 200
}

describe("the old primary", () => {
  test("is fenced with 76, rejoins, starts as a replica and gets everything; solo ends by itself, and the log says so (P1, P6)", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      await write(a, "ada")
      await a.stop("SIGKILL")
      await decide(b, "promote", { reason: "a burnt down" })
      await decide(b, "solo", { on: true, reason: "people wait" })
      await write(b, "bob")
      a.start()
      expect(await a.ended).toEqual({ code: 76, signal: null })
      expect(a.printed).toContain("tandem rejoin")

      const { code, out, err } = await rejoin(a)
      expect([code, err]).toEqual([0, ""])
      expect(out).toContain("Node a is the replica of node b, the primary of epoch 2, at version")
      const again = await rejoin(a)
      expect(again.code).toBe(0)
      expect(again.out).toMatch(/^Node a is a replica already, and node b the primary of its epoch 2.*tandem serve/)

      a.start()
      await oneAgain(pair, b)
      expect([await has(a, "ada"), await has(a, "bob"), discardedFiles(a)]).toEqual([true, true, []])
      await until("the end of solo is logged", async () => {
        const { items } = (await a.json("/log")) as { readonly items: readonly { readonly operations: readonly { readonly op: string; readonly data: object }[] }[] }
        const decisions = items.flatMap(({ operations }) => operations.filter(({ op }) => op === "pair.decide").map(({ data }) => data))
        return decisions.length === 3 && (decisions[2] as { readonly reason: string }).reason === "the replica is in sync"
      })
    })
  })

  test("that wrote alone meanwhile stops and names the versions; with --discard it keeps them in a file, and takes them back", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      await parted(a, b, ["u1", "u2"])
      const stopped = await rejoin(a)
      expect([stopped.code, stopped.out]).toEqual([71, ""])
      expect(stopped.err).toMatch(/Versions 2 to [34] are committed here, and are not in the log of node b/)
      expect(stopped.err).toContain("--discard")
      expect(discardedFiles(a)).toEqual([])

      const { code, out, err } = await rejoin(a, ["--discard", "--json"])
      expect([code, err]).toEqual([0, ""])
      const report = JSON.parse(out) as { readonly file: string; readonly head: number; readonly takenBack: number }
      expect(report).toMatchObject({ node: "a", rejoined: true, primary: "b", epoch: { number: 2 }, head: 1 })
      expect(statSync(report.file).mode & 0o777).toBe(0o600)
      const lines = linesOf(report.file)
      expect(lines.map(({ version }) => version)).toEqual(Array.from({ length: report.takenBack }, (_, n) => 2 + n))
      expect(idsIn(report.file)).toEqual(["u1", "u2"])
      for (const { version, record } of lines) expect(openRecord(Buffer.from(record, "base64")).version).toBe(version)

      a.start()
      await oneAgain(pair, b)
      expect([await has(a, "before-u1"), await has(a, "after-u1"), await has(a, "u1")]).toEqual([true, true, false])
    })
  })

  test("killed at each step of rejoining, rejoins when it is run again, and nothing of what it had alone is lost", async () => {
    const steps = [
      ["rejoin.file.before", "rejoin.file.after"],
      ["rejoin.undo.before", "rejoin.chunk.after"],
      ["rejoin.undo.after", "rejoin.identify.after"],
    ] as const
    await Promise.all(steps.map((two) => withPair((pair) => dieAndRejoin(pair, two))))
  })
})

/** Each fails at one place of it; which ones those are is for strace to find. */
const faults = [
  ["fsync", "EIO", 1],
  ["fsync", "ENOSPC", 2],
  ...[1, 2].map((when) => ["pwrite64", "ENOSPC", when] as const),
  ...[1, 2, 3, 4].map((when) => ["fdatasync", "EIO", when] as const),
] as const

test.skipIf(!isStraceHere)("a rejoin whose disk fails ends with 74, and one that has a disk again finishes it", async () => {
  await withPair(async (pair) => {
    const { a, b } = pair
    const ids = ["u1", "u2", "u3"]
    await parted(a, b, ids, bounds.undoBytesMax / 2.9)
    const output = join(pair.directory, "trace")
    const failed: string[] = []
    for (const [call, error, when] of faults) {
      const under = strace(output, { calls: [call], more: ["-e", `inject=${call}:error=${error}:when=${when}`] })
      const { code, out } = await rejoin(a, ["--discard"], { under })
      // It has come so far that the call is not made that often any more.
      if (code === 0) break
      expect([call, when, code, out]).toEqual([call, when, 74, ""])
      failed.push(call)
    }
    expect(new Set(failed)).toEqual(new Set(["fsync", "fdatasync", "pwrite64"]))
    expect((await rejoin(a, ["--discard"])).code).toBe(0)
    const kept = discardedFiles(a).flatMap((name) => idsIn(join(a.data, name)))
    expect(ids.filter((id) => !kept.includes(id))).toEqual([])
    a.start()
    await oneAgain(pair, b)
  })
})

async function dieAndRejoin(pair: RealPair, failpoints: readonly Failpoint[]): Promise<void> {
  const { a, b } = pair
  for (const [n, failpoint] of failpoints.entries()) {
    const [old, next] = n % 2 === 0 ? [a, b] : [b, a]
    const ids = [1, 2, 3].map((id) => `u${n}-${id}`)
    // So much that it goes in two chunks.
    await parted(old, next, ids, bounds.undoBytesMax / 2.9)
    const before = discardedFiles(old)
    const died = await rejoin(old, ["--discard"], { environment: { [failpointVariable]: failpoint } })
    expect([failpoint, died.code, died.out]).toEqual([failpoint, null, ""])
    // Until the end it is the primary of an epoch that is over, wherever it starts.
    if (failpoint !== "rejoin.identify.after") {
      old.start()
      expect([failpoint, (await old.ended).code]).toEqual([failpoint, 76])
    }
    expect([failpoint, (await rejoin(old, ["--discard"])).code]).toEqual([failpoint, 0])
    const kept = discardedFiles(old).filter((name) => !before.includes(name)).flatMap((name) => idsIn(join(old.data, name)))
    expect([failpoint, ids.filter((id) => !kept.includes(id))]).toEqual([failpoint, []])
    old.start()
    await oneAgain(pair, next)
    expect(await Promise.all(ids.map((id) => has(old, id)))).toEqual([false, false, false])
  }
}
