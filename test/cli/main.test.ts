// The command line as a whole: help, mistyped words, exit codes.
import { describe, expect, test } from "bun:test"
import { commands } from "../../src/cli/commands.ts"
import { runCommandLine } from "../../src/cli/main.ts"
import { scriptedTerminal } from "./scripted-terminal.ts"

async function run(...given: string[]) {
  const terminal = scriptedTerminal()
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
    expect(JSON.parse(notes)).toMatchObject({ exitCode: 75 })
  })
})
