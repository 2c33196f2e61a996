// Fault 1: the real program dies at every failpoint, before and after every step of a write, on either node; then it is
// started again in every order that makes sense, and nothing that was promised may have changed.
//
// A replica's undo needs help. A primary asks its own disk floor before it proposes a batch, so it never has to take one
// back at the replica, and no real primary sends a rollback today: a scripted one speaks in its place. A primary's undo
// happens: a replica whose disk is below its floor votes no. Where trimming is killed, retention.test.ts looks. What is no step of
// a write is left out here.
import { describe, expect, test } from "bun:test"
import { type Failpoint, failpoints, failpointVariable } from "../../src/runtime/failpoint.ts"
import { FewWrites } from "./few-writes.ts"
import type { RealNode } from "./real-node.ts"
import { pairSecret, RealPair, until } from "./real-pair.ts"
import { ScriptedPrimary } from "./scripted-primary.ts"
import { Turnstile } from "./turnstile.ts"
import { Witness } from "./witness.ts"

const orders = ["the one that died, which dies there once more", "both, the primary first", "both, the replica first"] as const
type Order = (typeof orders)[number]

/** More free space than any disk has: every batch is refused. */
const noRoom = ["--disk-floor", String(Number.MAX_SAFE_INTEGER)]

/** Of the failpoints, each with a pair for each order. */
const atOnce = new Turnstile(3)

describe("killed at", () => {
  test.concurrent.each(failpoints.filter((name) => /^(primary|replica)\./.test(name) && !/\.(trim|identify|promote|handover)\./.test(name)))("%s, a pair keeps what it acknowledged and resolves what it did not (P1, P2, P3)", async (failpoint) => {
    await atOnce.pass(() => Promise.all(orders.map((order) => killAt(failpoint, order))))
  })
})

async function killAt(failpoint: Failpoint, order: Order): Promise<void> {
  const pair = await RealPair.make({ flags: ["--peer-timeout", "2s"] })
  try {
    await killPairAt(pair, failpoint, order)
  } finally {
    await pair.remove()
  }
}

async function killPairAt(pair: RealPair, failpoint: Failpoint, order: Order): Promise<void> {
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  const isUndo = failpoint.includes(".undo.")
  const victim = failpoint.startsWith("primary.") ? pair.a : pair.b
  victim.start({ environment: { [failpointVariable]: isUndo ? failpoint : `${failpoint}:4` } })
  await pair.start()

  if (failpoint.startsWith("replica.undo.")) await undoAtReplica(pair, writes, failpoint)
  else if (isUndo) await undoAtPrimary(pair, writes)
  else await writes.until(() => !victim.running)
  expect(await victim.ended).toEqual({ code: null, signal: "SIGKILL" })

  // At the first chance, which for many is in the middle of the recovery.
  if (order === orders[0] && !isUndo) await dieAgain(pair, victim, failpoint, writes)
  await startAgain(pair, order)
  await witness.settle(pair)
  expect(await writes.next()).toBe("acknowledged")
  await witness.settle(pair)
}

/** A replica without room votes no, and the primary takes its batch back. */
async function undoAtPrimary(pair: RealPair, writes: FewWrites): Promise<void> {
  const { a, b } = pair
  for (let n = 0; n < 3; n++) expect(await writes.next()).toBe("acknowledged")
  await b.stop()
  b.start({ flags: noRoom })
  await pair.inSync()
  await writes.until(() => !a.running)
  await b.stop()
}

async function undoAtReplica({ a, b, replicaPeerUrl }: RealPair, writes: FewWrites, failpoint: Failpoint): Promise<void> {
  for (let n = 0; n < 3; n++) expect(await writes.next()).toBe("acknowledged")
  await a.stop()
  const primary = await ScriptedPrimary.open(b, replicaPeerUrl, pairSecret)
  const { head, headDigest } = primary
  const record = primary.nextRecord(`of ${failpoint}`)
  expect(await primary.ask({ kind: "prepare", round: 1, committed: head, records: [record] })).toMatchObject({ vote: { prepared: true } })
  const rollback = primary.ask({ kind: "rollback", round: 1, first: record.version, digest: record.digest, parent: headDigest })
  expect(await rollback.then(() => "answered", () => "cut off")).toBe("cut off")
}

async function dieAgain({ nodes }: RealPair, victim: RealNode, failpoint: Failpoint, writes: FewWrites): Promise<void> {
  for (const node of nodes) if (node !== victim) keepRunning(node)
  victim.start({ environment: { [failpointVariable]: failpoint } })
  await until(`it dies at ${failpoint} again`, async () => {
    await writes.next()
    return !victim.running
  })
  expect(await victim.ended).toEqual({ code: null, signal: "SIGKILL" })
}

/** A primary that lost its replica in the middle of a write ends, to start again in sync. */
function keepRunning(node: RealNode): void {
  if (!node.running) node.start()
  node.supervise()
}

/** The dead node, or both, started again with room on their disks. */
async function startAgain({ a, b }: RealPair, order: Order): Promise<void> {
  const inOrder = order === "both, the replica first" ? [b, a] : [a, b]
  if (order !== orders[0]) {
    for (const node of inOrder) await node.stop("SIGKILL")
  }
  for (const node of inOrder) keepRunning(node)
}
