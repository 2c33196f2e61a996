// What a bench needs of a pair before it measures: much data in it, written through the real API.
import { statSync } from "node:fs"
import { join } from "node:path"
import type { RealNode } from "../cluster/real-node.ts"
import type { RealPair } from "../cluster/real-pair.ts"

export function dataBytes(node: RealNode): number {
  return statSync(join(node.data, "data.mdb")).size
}

/** Documents of 10 kB, of which every byte is in the log and in a row, until the primary's file has so many bytes. */
export async function fillTo(bytes: number, { a }: RealPair): Promise<void> {
  await a.do({ op: "collection.define", data: { name: "things" } })
  for (let n = 0; dataBytes(a) < bytes; n++) {
    const transactions = Array.from({ length: 16 }, (_, m) => ({
      operations: Array.from({ length: 20 }, (_, k) => ({ op: "document.create", data: { collection: "things", id: `${n}-${m}-${k}`, value: { text: `${n}-${m}-${k} `.repeat(1_000).slice(0, 10_000) } } })),
    }))
    for (const { status } of await Promise.all(transactions.map((one) => a.do(one)))) if (status !== 200) throw new Error(`a transaction was answered with ${status}`)
  }
}

/** Small documents, each in a version of its own. */
export async function fillVersions(count: number, { a }: RealPair): Promise<void> {
  await a.do({ op: "collection.define", data: { name: "things" } })
  for (let written = 0; written < count; ) {
    const lines = Array.from({ length: Math.min(20_000, count - written) }, (_, n) => JSON.stringify({ operations: [{ op: "document.create", data: { collection: "things", id: `${written + n}`, value: { n } } }] }))
    const answer = await a.fetch("/do/stream", { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: `${lines.join("\n")}\n` })
    const outcomes = (await answer.text()).trimEnd().split("\n")
    if (answer.status !== 200 || outcomes.length !== lines.length) throw new Error(`a stream was answered with ${answer.status} and ${outcomes.length} lines`)
    written += lines.length
  }
}
