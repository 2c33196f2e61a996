// The help texts, which are made from what each command says of itself.
import { describe, expect, test } from "bun:test"
import { commands } from "../../src/cli/commands.ts"
import { commandHelp, overview } from "../../src/cli/help.ts"
import { serve } from "../../src/cli/serve.ts"

describe("the help", () => {
  test("of all commands lists each in one line", () => {
    const lines = overview(commands).split("\n")
    for (const { name, summary } of commands) expect(lines.some((line) => line.startsWith(`  ${name} `) && line.endsWith(summary))).toBe(true)
  })

  test.each([...commands])("of $name shows every flag, every example and every exit code with its meaning", (command) => {
    const text = commandHelp(command)
    for (const [name, { help }] of Object.entries(command.flags)) expect(text).toMatch(new RegExp(`^  --${name}\\b.*${help.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`, "m"))
    for (const example of command.examples) expect(text).toContain(`  ${example}\n`)
    for (const code of [0, 64, ...command.exits]) expect(text).toMatch(new RegExp(`^  ${code} +\\S`, "m"))
    expect(text).not.toContain("undefined")
  })

  test("of serve says how a flag is named in the environment, and has no flag for a secret itself", () => {
    expect(commandHelp(serve)).toContain("TANDEM_WHEN_STUCK")
    expect(Object.keys(serve.flags)).not.toContain("secret")
  })

  test("fits a terminal of 132 columns", () => {
    for (const command of commands) {
      const [flags = ""] = commandHelp(command).split("\nExample")
      for (const line of flags.split("\n")) expect(line.length).toBeLessThanOrEqual(132)
    }
  })

  test("offers no flag that takes a key or password", () => {
    for (const { flags } of commands) expect(Object.keys(flags).filter((name) => /^(token|secret|password)$/.test(name))).toEqual([])
  })
})
