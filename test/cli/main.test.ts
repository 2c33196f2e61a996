// The command line as a whole: help, mistyped words, exit codes.
import { describe, expect, test } from "bun:test"
import { commands } from "../../src/cli/commands.ts"
import { runCommandLine } from "../../src/cli/main.ts"
import { ReaderGone } from "../../src/cli/output.ts"
import { release } from "../../src/release.ts"
import { type Differences, scriptedTerminal } from "./scripted-terminal.ts"

async function run(...given: string[]) {
  return runOn({}, ...given)
}

async function runOn(differences: Differences, ...given: string[]) {
  const terminal = scriptedTerminal({}, "", differences)
  const code = await runCommandLine(given, terminal)
  return { code, out: terminal.written.join(""), notes: terminal.notes.join("\n") }
}

describe("the command line", () => {
  test.each(commands.map(({ name }) => name))("%s has help with an example, --json and exit codes", async (name) => {
    const { code, out } = await run(name, "--help")
    expect(code).toBe(0)
    expect(out).toContain(`tandem ${name}`)
    expect(out).toContain("--json")
    expect(out).toMatch(/Examples?:\n {2}\S/)
    expect(out).toMatch(/Exit codes:\n {2}0 +done/)
  })

  test("lists every command in its overview", async () => {
    const { out } = await run("help")
    for (const { name } of commands) expect(out).toContain(`  ${name} `)
  })

  test("says what a mistyped command or flag may have meant", async () => {
    expect(await run("stats")).toMatchObject({ code: 64, notes: expect.stringContaining("Did you mean status?") })
    expect(await run("get", "users", "--emial=a")).toMatchObject({ code: 64, notes: expect.stringContaining("Did you mean --email?") })
  })

  test("shows the overview to who says no command, as a message", async () => {
    const { code, out, notes } = await run()
    expect([code, out]).toEqual([64, ""])
    expect(notes).toContain("Usage: tandem <command>")
  })

  test("helps with one command in three ways, and not with one that there is not", async () => {
    const { out } = await run("get", "--help")
    expect(out).toStartWith("Reads an entity")
    expect([await run("help", "get"), await run("get", "-h"), await run("get", "users", "goals", "--help")].map((result) => result.out)).toEqual([out, out, out])
    expect(await run("help", "improt")).toMatchObject({ code: 64, out: "", notes: expect.stringContaining("Did you mean import?") })
  })

  test("says its release", async () => {
    for (const given of ["--version", "version"]) expect(await run(given)).toEqual({ code: 0, out: `tandem ${release}\n`, notes: "" })
  })

  test("refuses a flag without its value, given twice, or with a value it does not take", async () => {
    expect((await run("get", "users", "--at")).code).toBe(64)
    expect((await run("get", "users", "--at=1", "--at=2")).code).toBe(64)
    expect((await run("get", "users", "--json=maybe")).code).toBe(64)
    expect((await run("get", "users", "goals")).code).toBe(64)
  })

  test("ends with 78 where settings are wrong, and names them", async () => {
    const { code, notes } = await run("serve", "--node", "A!")
    expect(code).toBe(78)
    for (const name of ["--node", "--data", "--peer", "--secret-file"]) expect(notes).toContain(name)
  })

  test("says what to check where no node answers", async () => {
    const { code, notes } = await run("status", "--url", "http://127.0.0.1:1")
    expect(code).toBe(75)
    expect(notes).toContain("Is the node running")
  })

  test("reports as JSON where JSON is asked for", async () => {
    const { notes } = await run("status", "--json", "--url", "http://127.0.0.1:1")
    expect(JSON.parse(notes)).toEqual({ error: expect.stringContaining("Cannot reach"), exitCode: 75, hint: expect.stringContaining("--url") })
  })

  test("colours a message where messages are watched, whatever becomes of results", async () => {
    expect((await runOn({ shown: true, colours: true }, "frob")).notes).not.toContain("\u001b")
    expect((await runOn({ watched: true, noteColours: true }, "frob")).notes).toStartWith("\u001b[31mtandem:\u001b[39m There is no command")
  })

  test("ends with 0 and without a word where nobody reads its results", async () => {
    const gone = await runOn({ out: () => Promise.reject(new ReaderGone()) }, "help")
    expect(gone).toEqual({ code: 0, out: "", notes: "" })
  })

  test("ends with 70 and says where it happened when something happens that nobody foresaw", async () => {
    const { code, notes } = await runOn({ out: () => Promise.reject(new Error("impossible")) }, "help")
    expect(code).toBe(70)
    expect(notes).toMatch(/^tandem: impossible\n[^]*main\.test\.ts/)
  })
})
