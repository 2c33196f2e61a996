// A whole copy from node to node: killed on either side at every step of it, damaged on its way or where it is kept, and without room.
// The pair ends in sync with equal data, and what is half there is never shown (fault 18).
import { describe, expect, test } from "bun:test"
import { readdirSync, rmSync } from "node:fs"
import { PeerClient } from "../../src/node/peer-client.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { protocolVersion } from "../../src/protocol/messages.ts"
import { type Failpoint, failpoints, failpointVariable } from "../../src/runtime/failpoint.ts"
import type { RealNode } from "./real-node.ts"
import { pairSecret, RealPair, until } from "./real-pair.ts"
import { Turnstile } from "./turnstile.ts"
import { sameDigests } from "./witness.ts"

const atOnce = new Turnstile(2)
/** A document; several of them make a copy of several chunks. */
const text = "x".repeat(700_000)
const documents = 20

/** A pair whose primary has trimmed its log, and whose replica has lost its disk; neither runs. */
async function trimmedPair(options: { readonly proxied?: boolean } = {}): Promise<RealPair> {
  const pair = await RealPair.make({ flags: ["--retention", "1", "--peer-timeout", "3s"], ...options })
  await pair.start()
  expect((await pair.a.do({ op: "collection.define", data: { name: "notes" } })).status).toBe(200)
  for (let n = 0; n < documents; n++) {
    expect((await pair.a.do({ op: "document.put", data: { collection: "notes", id: `note-${n}`, value: { n, text } } })).status).toBe(200)
  }
  await until("the log is trimmed", async () => (await logStart(pair)) > 2, () => pair.printed)
  for (const node of [pair.b, pair.a]) await node.stop()
  loseDisk(pair.b)
  return pair
}

/** What it may give away, and what it has, are not the same: trimming takes its time. */
async function logStart({ a, primaryPeerUrl }: RealPair): Promise<number> {
  const { clusterId: cluster, epoch } = (await a.json("/status")) as { readonly clusterId: string; readonly epoch: Epoch }
  const client = new PeerClient({ peerUrl: primaryPeerUrl, secret: pairSecret, timeoutMs: 10_000 })
  const { message } = await client.ask({ protocol: protocolVersion, cluster, node: "test", epoch, session: "test", peerSession: null, link: 0, sentAtMs: 0 }, { kind: "position" })
  return message.kind === "position" ? message.logStart : 0
}

function loseDisk(node: RealNode): void {
  rmSync(node.data, { recursive: true, force: true })
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
