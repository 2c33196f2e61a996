// A pair whose data an earlier release wrote: brought to this format at the start, killed at each step of it on both nodes, it has
// everything that it had.
import { describe, expect, test } from "bun:test"
import { readdirSync, renameSync } from "node:fs"
import { join } from "node:path"
import { failpoints, failpointVariable } from "../../src/runtime/failpoint.ts"
import { openEnvironment } from "../../src/store/environment.ts"
import { writeFormat2 } from "../store/format-2.ts"
import { FewWrites } from "./few-writes.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair } from "./real-pair.ts"
import { Witness } from "./witness.ts"

describe("killed at", () => {
  test.concurrent.each(failpoints.filter((name) => name.startsWith("migrate.")))("%s, a pair of format 2 has everything, and goes on (P1, P7)", async (failpoint) => {
    const pair = await RealPair.make()
    try {
      await pair.start()
      const witness = new Witness()
      const writes = new FewWrites(pair, witness)
      for (let n = 0; n < 12; n++) expect(await writes.next()).toBe("acknowledged")
      for (const node of pair.nodes) {
        await node.stop()
        await toFormat2(node)
        node.start({ environment: { [failpointVariable]: failpoint } })
        expect(await node.ended).toEqual({ code: null, signal: "SIGKILL" })
      }
      await pair.start()
      for (const node of pair.nodes) {
        expect(node.printed.includes("its data has format 3 now") || failpoint === "migrate.rename.after").toBe(true)
        expect(readdirSync(node.data).filter((name) => name.startsWith("new-"))).toEqual([])
      }
      await witness.settle(pair)
      expect(await writes.next()).toBe("acknowledged")
      await witness.settle(pair)
    } finally {
      await pair.remove()
    }
  })
})

/** As the earlier release would have written what is there. */
async function toFormat2({ data }: RealNode): Promise<void> {
  const now = openEnvironment(data)
  await writeFormat2(join(data, "earlier"), now.tables)
  await now.close()
  renameSync(join(data, "earlier", "data.mdb"), join(data, "data.mdb"))
}
