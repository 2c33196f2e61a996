// A whole copy from node to node: killed on either side at every step of it, damaged on its way or where it is kept, and without room.
// The pair ends in sync with equal data, and what is half there is never shown (fault 18).
import { afterAll, describe, expect, test } from "bun:test"
import { closeSync, cpSync, existsSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { type Failpoint, failpoints, failpointVariable } from "../../src/runtime/failpoint.ts"
import { logStart } from "./log-start.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { Turnstile } from "./turnstile.ts"
import { sameDigests } from "./witness.ts"

const atOnce = new Turnstile(2)
/** A document; several of them make a copy of several chunks. */
const text = "x".repeat(700_000)
const documents = 20

const flags = ["--retention", "1", "--peer-timeout", "3s"]
let made: Promise<RealPair> | undefined

afterAll(async () => (await made)?.remove())

/** A pair whose primary has trimmed its log, and whose replica has an empty disk; neither runs. */
async function trimmedPair(): Promise<RealPair> {
  made ??= makeTrimmed()
  const [from, pair] = [await made, await RealPair.make({ flags })]
  cpSync(from.a.data, pair.a.data, { recursive: true })
  return pair
}

async function makeTrimmed(): Promise<RealPair> {
  const pair = await RealPair.make({ flags })
  await pair.start()
  expect((await pair.a.do({ op: "collection.define", data: { name: "notes" } })).status).toBe(200)
  for (let n = 0; n < documents; n++) {
    expect((await pair.a.do({ op: "document.put", data: { collection: "notes", id: `note-${n}`, value: { n, text } } })).status).toBe(200)
  }
  await until("the log is trimmed", async () => (await logStart(pair)) > 2, () => pair.printed)
  for (const node of [pair.b, pair.a]) await node.stop()
  return pair
}

function joining(node: RealNode, failpoint?: string): void {
  node.start({ flags: ["--join"], ...(failpoint === undefined ? {} : { environment: { [failpointVariable]: failpoint } }) })
}

/** Started again, as a supervisor would with the same flags, however it ends. */
async function keepJoining(node: RealNode, until: () => boolean): Promise<void> {
  while (!until()) {
    if (!node.running) joining(node)
    await Promise.race([node.ended, new Promise((resolve) => setTimeout(resolve, 50))])
  }
}

async function inSyncAtLast(pair: RealPair): Promise<void> {
  let over = false
  pair.a.supervise()
  if (!pair.a.running) pair.a.start()
  const kept = keepJoining(pair.b, () => over)
  try {
    await pair.inSync()
  } finally {
    over = true
    await kept
  }
  await sameDigests(pair)
  expect(((await pair.b.json("/notes/note-7")) as { readonly value: object }).value).toEqual({ n: 7, text })
  expect((await pair.a.do({ op: "document.put", data: { collection: "notes", id: "after", value: {} } })).status).toBe(200)
  await until("nothing of it is kept", () => leftovers(pair) === "", () => leftovers(pair))
}

function leftovers({ nodes }: RealPair): string {
  return nodes.flatMap(({ data }) => readdirSync(data).filter((name) => /^(snapshot|fetching|replaced\.mdb|copy-)/.test(name))).join(" ")
}

/** Whatever it has by then, a replica that is not in sync shows nothing. */
async function showsNothing({ b }: RealPair): Promise<void> {
  try {
    const answer = await b.fetch("/notes/note-7")
    if (answer.status === 200) expect(((await answer.json()) as { readonly value: object }).value).toEqual({ n: 7, text })
    else expect(answer.status).toBe(503)
  } catch {
    // It does not run.
  }
}

const giving = failpoints.filter((name) => /^snapshot\.(copy|digests|held|give-chunk|drop)\./.test(name))
const fetching = failpoints.filter((name) => /^snapshot\.(begin|write-chunk|whole|verified|identity|keep|rename|replaced)\./.test(name))
const times = (name: Failpoint): readonly number[] => (name.includes("chunk") ? [1, 3] : [1])

describe("killed at", () => {
  test("is every failpoint of a copy", () => {
    expect([...giving, ...fetching].sort()).toEqual(failpoints.filter((name) => name.startsWith("snapshot.")).sort())
  })

  test.concurrent.each([...giving, ...fetching].flatMap((name) => times(name).map((time) => [name, time] as const)))("%s, time %d, a copy still arrives, whole (P1, P6)", (failpoint, time) =>
    atOnce.pass(async () => {
      const pair = await trimmedPair()
      try {
        const victim = giving.includes(failpoint) ? pair.a : pair.b
        const armed = `${failpoint}:${time}`
        if (victim === pair.a) pair.a.start({ environment: { [failpointVariable]: armed } })
        else pair.a.start()
        joining(pair.b, victim === pair.b ? armed : undefined)
        const end = await died(pair, victim, armed)
        expect(end).toEqual({ code: null, signal: "SIGKILL" })
        await showsNothing(pair)
        await inSyncAtLast(pair)
      } finally {
        await pair.remove()
      }
    }),
  )
})

/** What comes after the restart on the copy needs that restart, with the failpoint still set. */
async function died({ b }: RealPair, victim: RealNode, armed: string): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  for (;;) {
    const end = await Promise.race([victim.ended, b.ended])
    if (!victim.running) {
      const own = await victim.ended
      if (own.signal !== null || victim !== b) return own
    }
    expect(end.code).toBe(75)
    if (!b.running) joining(b, victim === b ? armed : undefined)
  }
}

/** More free space than any disk has. */
const noRoom = ["--disk-floor", String(Number.MAX_SAFE_INTEGER)]

/** The last byte of a file is another one from now on. */
function flipLastByte(path: string): void {
  const [file, byte, at] = [openSync(path, "r+"), Buffer.alloc(1), statSync(path).size - 1]
  readSync(file, byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ 1
  writeSync(file, byte, 0, 1, at)
  closeSync(file)
}

describe("a copy", () => {
  test("that is damaged where the primary keeps it is made anew, and not given (P6)", async () => {
    const pair = await trimmedPair()
    try {
      pair.a.start()
      joining(pair.b, "snapshot.write-chunk.after:1")
      expect((await pair.b.ended).signal).toBe("SIGKILL")
      flipLastByte(join(pair.a.data, "snapshot/data.mdb"))
      await inSyncAtLast(pair)
      expect(pair.a.printed).toContain("the copy for the other node is damaged, and is made anew")
    } finally {
      await pair.remove()
    }
  })

  test("that is damaged where it arrives is asked for again there (P6)", async () => {
    const pair = await trimmedPair()
    try {
      pair.a.start()
      joining(pair.b, "snapshot.whole.after")
      expect((await pair.b.ended).signal).toBe("SIGKILL")
      flipLastByte(join(pair.b.data, "fetching/data.mdb"))
      await inSyncAtLast(pair)
    } finally {
      await pair.remove()
    }
  })

  test("for which the primary has no room comes once it has", async () => {
    const pair = await trimmedPair()
    try {
      pair.a.start({ flags: noRoom })
      joining(pair.b)
      await until("the replica says why it waits", () => pair.b.printed.includes("waits for a copy: there is no room for a copy of"), () => pair.printed)
      await until("and status says that it waits", async () => ((await pair.b.json("/status")) as { readonly fetching: object | null }).fetching !== null)
      expect(await (await pair.b.fetch("/readyz")).text()).toContain("fetches a copy of its primary's data")
      expect((await pair.b.decide("promote")).body).toMatchObject({ code: "wrong-state" })
      await pair.a.stop()
      await inSyncAtLast(pair)
    } finally {
      await pair.remove()
    }
  })

  test("for which the replica has no room is not begun: it ends, says so, and keeps what it has", async () => {
    const pair = await trimmedPair()
    try {
      pair.a.start()
      pair.b.start({ flags: ["--join", ...noRoom] })
      expect(await pair.b.ended).toEqual({ code: 75, signal: null })
      expect(pair.b.printed).toContain("there is no room for a copy of")
      expect(existsSync(join(pair.b.data, "data.mdb"))).toBe(true)
      await inSyncAtLast(pair)
    } finally {
      await pair.remove()
    }
  })

  test("that takes the place of what is of an earlier reign keeps that, for good: nobody can tell any more whether it holds what was lost (P1)", async () => {
    const pair = await RealPair.make({ flags })
    const { a, b } = pair
    try {
      await pair.start()
      expect((await a.do({ op: "collection.define", data: { name: "notes" } })).status).toBe(200)
      const aside = join(pair.directory, "aside")
      await b.stop()
      cpSync(b.data, aside, { recursive: true })
      b.start()
      await pair.inSync()
      for (const node of [a, b]) {
        await until("it hands over", async () => (await node.decide("handover")).status === 200, () => pair.printed)
        await pair.inSync()
      }
      for (let n = 0; n < 20; n++) expect((await a.do({ op: "document.put", data: { collection: "notes", id: "x", value: { n } } })).status).toBe(200)
      await until("the log is trimmed", async () => (await logStart(pair)) > 5, () => pair.printed)
      await b.stop()
      rmSync(b.data, { recursive: true })
      cpSync(aside, b.data, { recursive: true })
      joining(b)
      expect(await b.ended).toEqual({ code: 75, signal: null })
      b.start()
      await pair.inSync()
      await until("what is kept until then is gone", () => leftovers(pair) === "", () => leftovers(pair))
      expect(readdirSync(b.data).filter((name) => name.startsWith("replaced"))).toEqual(["replaced-epoch-1-version-1.mdb"])
      expect(b.printed).toContain("it is of an earlier reign, and may hold what nobody else has")
    } finally {
      await pair.remove()
    }
  })

  test("is for who was started with --join: any other replica that lags stops and says so (P6)", async () => {
    const pair = await trimmedPair()
    try {
      pair.a.start()
      joining(pair.b, "snapshot.begin.before")
      await pair.b.ended
      pair.b.start()
      expect(await pair.b.ended).toEqual({ code: 72, signal: null })
      expect(pair.b.printed).toContain("--join")
      await inSyncAtLast(pair)
    } finally {
      await pair.remove()
    }
  })
})
