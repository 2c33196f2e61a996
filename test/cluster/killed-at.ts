// A real pair of which one node dies at a failpoint, is started again in some order, and must have kept every promise. Throws where it
// has not; gives what became of what the client was not told.
//
// A replica's undo needs help. A primary asks its own disk floor before it proposes a batch, so it never has to take one
// back at the replica, and no real primary sends a rollback today: a scripted one speaks in its place. A primary's undo
// happens: a replica whose disk is below its floor votes no.
import { type Failpoint, failpointVariable } from "../../src/runtime/failpoint.ts"
import { FewWrites } from "./few-writes.ts"
import type { RealNode } from "./real-node.ts"
import { pairSecret, RealPair, until } from "./real-pair.ts"
import { ScriptedPrimary } from "./scripted-primary.ts"
import { PromiseBroken, Witness } from "./witness.ts"

export const orders = ["the one that died, which dies there once more", "both, the primary first", "both, the replica first"] as const
export type Order = (typeof orders)[number]

/** More free space than any disk has: every batch is refused. */
const noRoom = ["--disk-floor", String(Number.MAX_SAFE_INTEGER)]

export interface Kept {
  readonly acknowledged: number
  /** Of the writes whose outcome nobody was told: those that had been committed, and those that had left no trace. */
  readonly unknownCommitted: number
  readonly unknownGone: number
}

export async function killAt(failpoint: Failpoint, order: Order): Promise<Kept> {
  const pair = await RealPair.make({ flags: ["--peer-timeout", "2s"] })
  try {
    return await killPairAt(pair, failpoint, order)
  } finally {
    await pair.remove()
  }
}

async function killPairAt(pair: RealPair, failpoint: Failpoint, order: Order): Promise<Kept> {
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  const isUndo = failpoint.includes(".undo.")
  const victim = failpoint.startsWith("primary.") ? pair.a : pair.b
  victim.start({ environment: { [failpointVariable]: isUndo ? failpoint : `${failpoint}:4` } })
  await pair.start()

  if (failpoint.startsWith("replica.undo.")) await undoAtReplica(pair, writes, failpoint)
  else if (isUndo) await undoAtPrimary(pair, writes)
  else await writes.until(() => !victim.running)
  expectSame("it ended with", await victim.ended, { code: null, signal: "SIGKILL" })

  // At the first chance, which for many is in the middle of the recovery.
  if (order === orders[0] && !isUndo) await dieAgain(pair, victim, failpoint, writes)
  await startAgain(pair, order)
  await pair.inSync()
  const unknown = await Promise.all(witness.unknownKeys.map(async (key) => (await pair.a.fetch(`/do/${key}`)).status === 200))
  await witness.settle(pair)
  expectSame("the next write is", await writes.next(), "acknowledged")
  await witness.settle(pair)
  const committed = unknown.filter(Boolean).length
  return { acknowledged: witness.acknowledged, unknownCommitted: committed, unknownGone: unknown.length - committed }
}

function expectSame(what: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new PromiseBroken(`${what} ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`)
}

/** A replica without room votes no, and the primary takes its batch back. */
async function undoAtPrimary(pair: RealPair, writes: FewWrites): Promise<void> {
  const { a, b } = pair
  for (let n = 0; n < 3; n++) expectSame("a write is", await writes.next(), "acknowledged")
  await b.stop()
  b.start({ flags: noRoom })
  await pair.inSync()
  await writes.until(() => !a.running)
  await b.stop()
}

async function undoAtReplica({ a, b, replicaPeerUrl }: RealPair, writes: FewWrites, failpoint: Failpoint): Promise<void> {
  for (let n = 0; n < 3; n++) expectSame("a write is", await writes.next(), "acknowledged")
  await a.stop()
  const primary = await ScriptedPrimary.open(b, replicaPeerUrl, pairSecret)
  const { head, headDigest } = primary
  const record = primary.nextRecord(`of ${failpoint}`)
  const vote = await primary.ask({ kind: "prepare", round: 1, committed: head, records: [record] })
  expectSame("the vote is", vote.kind === "vote" && vote.vote.prepared, true)
  const rollback = primary.ask({ kind: "rollback", round: 1, first: record.version, digest: record.digest, parent: headDigest })
  expectSame("the rollback is", await rollback.then(() => "answered", () => "cut off"), "cut off")
}

async function dieAgain({ nodes }: RealPair, victim: RealNode, failpoint: Failpoint, writes: FewWrites): Promise<void> {
  for (const node of nodes) if (node !== victim) keepRunning(node)
  victim.start({ environment: { [failpointVariable]: failpoint } })
  await until(`it dies at ${failpoint} again`, async () => {
    await writes.next()
    return !victim.running
  })
  expectSame("it ended with", await victim.ended, { code: null, signal: "SIGKILL" })
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
