// The edit history of the United States Congress roster: where it lies, what is expected of it, and how to ask a node for
// what can be compared with that.
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import type { RealNode } from "./real-node.ts"

/** Beside the repository, not in it. */
const place = fileURLToPath(new URL("../../../shared/data/congress", import.meta.url))

export const isCongressHere = existsSync(join(place, "expected.json"))
export const historyFile = join(place, "history.jsonl.gz")
export const rosterFile = join(place, "roster.jsonl.gz")

export interface Checkpoint {
  readonly line: number
  readonly at: string
  readonly people: number
  readonly sha256: string
  readonly last_line_at_this_time: boolean
}

export interface Sample {
  readonly id: string
  readonly lines: readonly number[]
  readonly operations: readonly string[]
  readonly reads: readonly { readonly line: number; readonly pointer?: string; readonly value?: unknown; readonly exists?: false }[]
}

export interface Expected {
  readonly history: {
    readonly lines: number
    readonly operations: number
    readonly by_kind: Readonly<Record<string, number>>
    readonly distinct_ids: number
    readonly creates_of_an_earlier_deleted_id: number
    readonly ids_created_again: readonly string[]
  }
  readonly final: { readonly people: number; readonly sha256: string }
  readonly checkpoints: readonly Checkpoint[]
  readonly samples: readonly Sample[]
  readonly files: Readonly<Record<string, { readonly lines: number; readonly bytes_uncompressed: number }>>
}

export function readExpected(): Expected {
  return JSON.parse(readFileSync(join(place, "expected.json"), "utf8")) as Expected
}

export interface HistoryLine {
  readonly at: string
  readonly note: string
  readonly operations: readonly { readonly op: string; readonly data: { readonly id: string } }[]
}

/** The lines as they are in the file. */
export function historyTexts(): readonly string[] {
  return gunzipSync(readFileSync(historyFile)).toString("utf8").trimEnd().split("\n")
}

interface Page {
  readonly items: readonly { readonly id: string; readonly value: unknown }[]
  readonly next: string | null
}

export interface State {
  readonly people: number
  readonly sha256: string
}

/** Everybody, as of what `query` says: `at=5`, `atTime=…`, or nothing. */
export async function stateOf(node: RealNode, query = "", collection = "legislators"): Promise<State> {
  const everybody: Record<string, unknown> = {}
  let people = 0
  for (let more: string | null = query; more !== null; ) {
    const page = (await node.json(`/${collection}?limit=500&${more}`)) as Page
    for (const { id, value } of page.items) everybody[id] = value
    people += page.items.length
    more = page.next === null ? null : `cursor=${encodeURIComponent(page.next)}`
  }
  return { people, sha256: createHash("sha256").update(canonical(everybody)).digest("hex") }
}

/** JSON with keys sorted at every depth. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`
}

export interface Change {
  readonly version: number
  readonly time: string
  readonly op: string
  readonly change: "created" | "updated" | "deleted"
}

/** Oldest first. */
export async function changesOf(node: RealNode, id: string): Promise<readonly Change[]> {
  const changes: Change[] = []
  for (let more: string | null = ""; more !== null; ) {
    const page = (await node.json(`/legislators/${id}/history?limit=500${more}`)) as { readonly items: readonly Change[]; readonly next: string | null }
    changes.push(...page.items)
    more = page.next === null ? null : `&cursor=${encodeURIComponent(page.next)}`
  }
  return changes.reverse()
}

/** What a JSON pointer names. */
export function valueAt(value: unknown, pointer: string): unknown {
  let found = value
  for (const part of pointer.split("/").slice(1)) found = (found as Readonly<Record<string, unknown>> | undefined)?.[part]
  return found
}
