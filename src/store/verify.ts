// The full check of a node's store: the checksum of every entry; the log's chain; rows and history against the log's write sets, in both directions;
// indexes, idempotency keys and hard state against those. Reads only, in short turns, and holds one entity at a time.
//
// Of what was trimmed it checks that it may be gone, and of what is left at the horizon that the rest fits it; nothing is trimmed
// meanwhile.
//
// It checks the versions that were committed when it began, and the batch that was in doubt then; reads and writes go on
// meanwhile. Its cost is that of reading every entry a few times.
import { digestOf, digestText } from "../protocol/digest.ts"
import { Findings, type Problem } from "./findings.ts"
import type { TableStore } from "./table-store.ts"
import { Tally } from "./tally.ts"
import { Turns } from "./turns.ts"
import { IndexCheck } from "./verify-index.ts"
import { LogCheck } from "./verify-log.ts"
import { RowsCheck } from "./verify-rows.ts"
import { StrayRows } from "./verify-strays.ts"
import { VersionWalk } from "./version-walk.ts"

export interface StoreCheckReport {
  readonly committed: number
  /** SHA-256 of all that reads as of `committed` can show; equal on both nodes. */
  readonly digest: string
  readonly problems: readonly Problem[]
  /** As of `committed`: entities are live ones; every version that another one followed is superseded. */
  readonly counts: { readonly records: number; readonly entities: number; readonly superseded: number }
}

export async function verifyStore(store: TableStore, onProgress: (done: number, total: number) => void): Promise<StoreCheckReport> {
  const release = store.pauseTrimming()
  try {
    return await check(store, onProgress)
  } finally {
    release()
  }
}

async function check(store: TableStore, onProgress: (done: number, total: number) => void): Promise<StoreCheckReport> {
  const { committed } = store.position()
  const { rows, history } = store.engine.tables
  const findings = new Findings()
  const tally = new Tally()
  // Damaged entries are reported like everything else; only this check sees them, so only while it has its turn.
  const turns = new Turns(() => store.engine.listen?.((table, key) => findings.damaged(table, key)))
  const head = await new LogCheck(store, committed, tally, findings).run(turns, (done) => onProgress(done, 2 * committed))
  const shown = new RowsCheck(store, committed, tally, findings)
  try {
    await new VersionWalk(rows, history, turns).run(shown, () => onProgress(committed + Math.min(shown.liveCount, committed), 2 * committed))
    shown.end()
  } finally {
    shown.close()
  }
  if (!tally.even) await new VersionWalk(rows, history, turns).run(new StrayRows(store, committed, tally, findings))
  await new IndexCheck(store, committed, findings).run(turns)
  const digest = digestText(digestOf(Buffer.concat([head, shown.content])))
  return { committed, digest, problems: findings.problems, counts: { records: committed - store.logStart() + 1, entities: shown.liveCount, superseded: shown.supersededCount } }
}
