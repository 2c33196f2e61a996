// How the process ends: the codes are those that the documentation lists, and the last line is never lost.
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../../src/runtime/exit.ts"
import { runtimes, startProgram } from "./program.ts"

describe("exit codes", () => {
  test("are those that docs/OPERATING.md lists, each once", () => {
    const text = readFileSync(join(import.meta.dirname, "../../docs/OPERATING.md"), "utf8")
    const section = text.slice(text.indexOf("## Exit codes"))
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
    expect(listed).toEqual(Object.values(exitCodes).sort((a, b) => a - b))
  })

  test("differ from each other", () => {
    expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length)
  })

  test("that are worth another start are those that docs/OPERATING.md says", () => {
    const text = readFileSync(join(import.meta.dirname, "../../docs/OPERATING.md"), "utf8")
    expect(text).toContain(`after ${exitCodes.internal}, ${exitCodes.disk}, ${exitCodes.stuck}, and after any signal`)
  })
})

describe.each(runtimes)("under %s", (runtime) => {
  test("a fatal end says one line, wholly, however slowly it is read, and gives its code", async () => {
    const { code, err, out } = await startProgram(
      runtime,
      `import { exitCodes, fatal } from "src/runtime/exit.ts"
       process.on("exit", () => console.log("exiting"))
       fatal(exitCodes.disk, "first\\nsecond " + "x".repeat(300_000) + " end")
       console.log("never reached")`,
    ).ended
    expect(code).toBe(exitCodes.disk)
    expect(err.split("\n")).toHaveLength(2)
    expect(err.startsWith("tandem: first second xxx")).toBe(true)
    expect(err.endsWith("x end\n")).toBe(true)
    expect(out).not.toContain("never reached")
  })

  test("a fatal end gives its code also where nobody reads what it says", async () => {
    const { code } = await startProgram(
      runtime,
      `import { closeSync } from "node:fs"
       import { exitCodes, fatal } from "src/runtime/exit.ts"
       closeSync(2)
       fatal(exitCodes.stuck, "nobody hears this")`,
    ).ended
    expect(code).toBe(exitCodes.stuck)
  })

  test("an exit in order gives its code", async () => {
    const { code } = await startProgram(runtime, `import { exit, exitCodes } from "src/runtime/exit.ts"\nexit(exitCodes.fenced)`).ended
    expect(code).toBe(exitCodes.fenced)
  })
})
