// What became of an entity at a version, as histories, reverts and the change feed all say it.
import { rowDeleted, rowFacts } from "../store/row.ts"
import type { EntityBody } from "./transaction-view.ts"

export type ChangeKind = "created" | "updated" | "deleted"

export interface Change {
  readonly collection: string
  readonly id: string
  readonly change: ChangeKind
  readonly value: EntityBody | null
}

/** `before` finds the row that this one superseded, and is only asked where the row itself does not tell. */
export function changeKind(row: Uint8Array, before: () => Uint8Array | undefined): ChangeKind {
  const { changed, created, deleted } = rowFacts(row)
  if (deleted) return "deleted"
  if (created === changed) return "created"
  // One that a revert brought back was created long before, but not there.
  const superseded = before()
  return superseded !== undefined && rowDeleted(superseded) ? "created" : "updated"
}
