// What work each failpoint of the real program belongs to, and which test kills it there. A failpoint that is in no group is one that
// nobody has tried.
import type { Failpoint } from "../../src/runtime/failpoint.ts"

export interface FailpointGroup {
  readonly title: string
  readonly names: RegExp
  /** From the test directory on. */
  readonly test: string
  /** What must hold, whichever of them it is. */
  readonly outcome: string
}

export const groups = {
  write: {
    title: "A write, and taking one back",
    names: /^(primary|replica)\.(prepare|send-prepare|vote|commit|send-commit|acknowledge|confirm-commit|undo)\.|^primary\.(vote-received|commit-confirmed)$/,
    test: "cluster/failpoints.test.ts",
    outcome: "every acknowledged write is on both nodes, once; every other one is resolved by its key; both logs, rows and digests are equal",
  },
  decision: {
    title: "A promotion, a hand-over, a change of mode",
    names: /^(primary|replica)\.(identify|handover|promote)\./,
    test: "cluster/promotion.test.ts",
    outcome: "the node is one thing or the other, and nothing that was acknowledged is missing",
  },
  rejoin: { title: "Rejoining", names: /^rejoin\./, test: "cluster/rejoin.test.ts", outcome: "rejoin, run again, finishes; what is dropped is in its file first" },
  trim: { title: "Retention", names: /^(primary|replica)\.trim\./, test: "cluster/retention.test.ts", outcome: "both nodes are sound and end with the same" },
  backup: { title: "A backup", names: /^backup\./, test: "cluster/backup.test.ts", outcome: "there is no backup under its name, or a whole one" },
  restore: { title: "A restore", names: /^restore\./, test: "cluster/shipping.test.ts", outcome: "there is no data directory, or a whole one" },
  ship: { title: "Shipping the log", names: /^ship\./, test: "cluster/shipping.test.ts", outcome: "segments are whole, and shipping goes on where it was" },
  migrate: { title: "Bringing a data file to this format", names: /^migrate\./, test: "cluster/format-migration.test.ts", outcome: "the old file is as it was, or the new one is whole" },
  snapshot: { title: "Fetching a whole copy", names: /^snapshot\./, test: "cluster/snapshot.test.ts", outcome: "it is resumed, or begins anew; nothing of it is served before it is whole" },
} as const satisfies { readonly [name: string]: FailpointGroup }

export function groupOf(name: Failpoint): FailpointGroup | undefined {
  return Object.values(groups).find(({ names }) => names.test(name))
}
