// The lock on a data directory: between processes of either runtime, and gone with its holder however that ends.
import { describe, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lockFile } from "../../src/runtime/file-lock.ts"
import { until } from "../cluster/real-pair.ts"
import { printedBy, type RunningProgram, type Runtime, runtimes, startProgram } from "./program.ts"

function tries(path: string): string {
  return `import { lockFile } from "src/runtime/file-lock.ts"
    console.log((await lockFile(${JSON.stringify(path)})) === undefined ? "taken" : "held")`
}

/** Holds the lock until it is killed, through much garbage collection. */
async function holder(runtime: Runtime, path: string): Promise<RunningProgram> {
  const program = startProgram(
    runtime,
    `${tries(path)}
     for (let n = 0, kept = []; n < 40; n++) {
       kept = Array.from({ length: 50_000 }, (_, m) => ({ m }))
       await new Promise((resolve) => setTimeout(resolve, kept.length > 0 ? 1 : 0))
     }
     console.log("still here")
     setInterval(() => undefined, 1_000)`,
  )
  await until("the holder is at rest", () => program.out.includes("still here"), () => program.err)
  expect(program.out).toContain("held")
  return program
}

const pairs = runtimes.flatMap((first) => runtimes.map((second) => [first, second] as const))

describe("the file lock", () => {
  test.each(pairs)("held under %s keeps out a process under %s, and is free after kill -9", async (first, second) => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-lock-"))
    const path = join(directory, "lock")
    const program = await holder(first, path)
    expect(await printedBy(second, tries(path))).toBe("taken\n")
    expect(await printedBy(second, tries(path))).toBe("taken\n")
    program.kill("SIGKILL")
    await program.ended
    expect(await printedBy(second, tries(path))).toBe("held\n")
    rmSync(directory, { recursive: true })
  })

  test("is on a file that only its owner reads, which names the holder", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-lock-"))
    const path = join(directory, "lock")
    expect(await lockFile(path)).toEqual({ path })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, "utf8")).toBe(`${process.pid}\n`)
    // Not even the same process twice.
    expect(await lockFile(path)).toBeUndefined()
    rmSync(directory, { recursive: true })
  })

  test.each(runtimes)("under %s a file that cannot be made throws, and is no held lock", async (runtime) => {
    const printed = await printedBy(runtime, `import { lockFile } from "src/runtime/file-lock.ts"\nawait lockFile("/no/such/place/lock").catch(() => console.log("thrown"))`)
    expect(printed).toBe("thrown\n")
  })
})
