// Chains of small sealed records for the tests of the protocol: the same words give the same digests.
import { type Digest, genesisDigest } from "../../src/protocol/digest.ts"
import type { LogPosition } from "../../src/protocol/effect.ts"
import { type SealedRecord, sealRecord } from "../../src/protocol/record.ts"

/** One record for each word, after the head of `before`. */
export function chain(words: readonly string[], before: readonly SealedRecord[] = []): SealedRecord[] {
  const records: SealedRecord[] = []
  let { head: version, headDigest: parent } = headOf(before)
  for (const word of words) {
    const operations = JSON.stringify([word])
    const record = sealRecord({ version: ++version, epoch: 1, timeMs: version, parent, key: undefined, meta: { principal: "root" }, operations, results: "[]", writes: [] })
    records.push(record)
    parent = record.digest
  }
  return records
}

/** A whole log of `count` records. Two logs with another `word` differ from version 1 on. */
export function log(count: number, word = "common"): SealedRecord[] {
  return chain(Array.from({ length: count }, () => word))
}

export function headOf(records: readonly SealedRecord[]): { readonly head: number; readonly headDigest: Digest } {
  const last = records.at(-1)
  return { head: last?.version ?? 0, headDigest: last?.digest ?? genesisDigest }
}

/** Where a log of these records stands; all of it is committed unless said otherwise. */
export function positionOf(records: readonly SealedRecord[], committed = records.length): LogPosition {
  return { ...headOf(records), committed }
}
