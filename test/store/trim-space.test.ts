// Space that trimming gives back is used again: the file of a store that is overwritten without end does not grow without end.
import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { horizonRow } from "../../src/store/horizon.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Chain, type Change, plain } from "./chain.ts"

const kept = 500
const filler = "x".repeat(1_000)

/** Overwrites fifty entities, each with an indexed value, until `until`; where `trims`, keeps the newest versions only. */
function overwrite(store: TableStore, chain: Chain, until: number, trims: boolean): void {
  const take = (changes: readonly (readonly Change[])[]): void => {
    const { head } = store.position()
    store.prepareNow({ records: changes.map((one) => chain.next(one, { key: `k${chain.version}` })), committed: head })
    store.commit(chain.version)
  }
  while (chain.version < until) {
    take(Array.from({ length: 50 }, (_, n) => [{ id: `d${n}`, body: `${chain.version} ${filler}`, terms: [plain(String(chain.version + n))] }]))
    if (!trims || chain.version % kept > 50) continue
    take([[{ ...horizonRow, body: JSON.stringify({ oldest: Math.max(0, chain.version - kept), collections: {} }) }]])
    while (store.trimmable()) store.trimNow()
  }
}

test("a file that is overwritten and trimmed stays as large as it was, and one that is not grows", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tandem-space-"))
  try {
    const store = openLmdbStore(directory, { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } })
    const chain = new Chain()
    const size = (): number => statSync(join(directory, "data.mdb")).size
    overwrite(store, chain, 3_000, true)
    const settled = size()
    overwrite(store, chain, 9_000, true)
    expect(size()).toBeLessThan(1.25 * settled)
    expect((await verifyStore(store, () => undefined)).problems).toEqual([])
    const trimmed = size()
    overwrite(store, chain, 12_000, false)
    expect(size()).toBeGreaterThan(1.5 * trimmed)
    await store.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
