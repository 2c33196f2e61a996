// Free space, as the file system says it.
import { expect, test } from "bun:test"
import { statfsSync } from "node:fs"
import { tmpdir } from "node:os"
import { freeBytes } from "../../src/runtime/disk-space.ts"
import { printedBy, runtimes } from "./program.ts"

test("is what an ordinary user may still write, not what is kept for root", () => {
  const { bavail, blocks, bsize } = statfsSync(tmpdir())
  const free = freeBytes(tmpdir())
  expect(free).toBeGreaterThan(0)
  expect(free).toBeLessThanOrEqual(blocks * bsize)
  // Others write at the same time; an eighth of the disk is more than they do.
  expect(Math.abs(free - bavail * bsize)).toBeLessThan((blocks * bsize) / 8)
})

test.each(runtimes)("under %s it is a whole number of bytes, and a path that is not there throws", async (runtime) => {
  const printed = await printedBy(
    runtime,
    `import { freeBytes } from "src/runtime/disk-space.ts"
     console.log(Number.isSafeInteger(freeBytes("/")) && freeBytes("/") >= 0)
     try { freeBytes("/no/such/place") } catch (error) { console.log(error.code) }`,
  )
  expect(printed).toBe("true\nENOENT\n")
})
