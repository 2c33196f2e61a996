// The row that says who is the primary, and how it stands towards the other copy, with who decided that and why: as the log has it,
// so both nodes have it at the same version. What a node goes by is its own identity, which is durable before; this row follows it.
import type { Mode } from "../protocol/reign.ts"
import type { Identity, LoggedDecision, Reader } from "../store/store.ts"
import { rowDeleted, rowText } from "../store/row.ts"

/** Where the row is. A name that no collection can be given, and that no read shows. */
export const pairRow = { collection: "tandem.pair", id: "state" } as const

/** As the row has it: the newest decision that is in the log. Its time is that of its record. */
export interface PairState extends LoggedDecision {
  readonly primary: string
  readonly mode: Exclude<Mode, "alone">
}

export function pairStateOf(row: Uint8Array | undefined): PairState | undefined {
  return row === undefined || rowDeleted(row) ? undefined : (JSON.parse(rowText(row)) as PairState)
}

/** The decisions of a primary that are not in its log yet, oldest first. */
export function unlogged({ decisions }: Identity, reader: Reader): readonly LoggedDecision[] {
  const { collection, id } = pairRow
  const logged = pairStateOf(reader.row(collection, id, reader.position().head))
  if (logged === undefined) return decisions
  return decisions.filter(({ epoch, serial }) => epoch > logged.epoch || (epoch === logged.epoch && serial > logged.serial))
}

export function modeAfter({ what }: LoggedDecision): PairState["mode"] {
  return what === "solo" || what === "promote-solo" ? "solo" : "paired"
}
