// The arguments of a command, strictly.
import { describe, expect, test } from "bun:test"
import { CommandFailed } from "../../src/cli/command-failed.ts"
import { type FlagTable, parseArguments } from "../../src/cli/flags.ts"

const known: FlagTable = {
  at: { value: "<version>", help: "" },
  note: { value: "<text>", help: "" },
  json: { help: "" },
  "cors-origin": { value: "<origin>", help: "", repeats: true },
  help: { help: "" },
}

const parse = (...given: string[]) => parseArguments(known, given)

function failure(...given: string[]): CommandFailed {
  try {
    parse(...given)
  } catch (error) {
    if (error instanceof CommandFailed) return error
  }
  throw new Error("it was taken")
}

describe("flags", () => {
  test("have their value after an equals sign or as the next argument", () => {
    expect(parse("--at=4").flags.text("at")).toBe("4")
    expect(parse("--at", "4").flags.text("at")).toBe("4")
    expect(parse("--note=a=b").flags.text("note")).toBe("a=b")
    expect(parse("--note=").flags.text("note")).toBe("")
    expect(parse("--note", "-1").flags.text("note")).toBe("-1")
  })

  test("without a value are on or off", () => {
    expect([parse("--json"), parse("--json=true"), parse("--json=false"), parse()].map(({ flags }) => flags.on("json"))).toEqual([true, true, false, false])
    expect(parse("-h").flags.on("help")).toBe(true)
  })

  test("stand among other arguments, and end at two hyphens", () => {
    expect(parse("users", "--json", "-", "--", "--at").positionals).toEqual(["users", "-", "--at"])
  })

  test("repeat only where they may", () => {
    expect(parse("--cors-origin=a", "--cors-origin", "b").flags.all("cors-origin")).toEqual(["a", "b"])
    expect(failure("--at=1", "--at=2").message).toBe("--at is given more than once.")
  })

  test("do not take the next flag for their value", () => {
    expect(failure("--at", "--json").message).toBe("--at needs a value: --at <version>")
    expect(failure("--at").message).toBe("--at needs a value: --at <version>")
    expect(parse("--note=--json").flags.text("note")).toBe("--json")
  })

  test("that are unknown are refused with the nearest known one, as wrong usage", () => {
    expect(failure("--jsno")).toMatchObject({ message: "Unknown flag --jsno.", hint: "Did you mean --json?", exitCode: 64 })
    expect(failure("--toString")).toMatchObject({ message: "Unknown flag --toString.", exitCode: 64 })
    expect(failure("--zzzzzzzzzz").hint).toBe("`--help` lists the flags.")
    expect(failure("-j").message).toContain("two hyphens")
  })

  test("that take no value refuse one", () => {
    expect(failure("--json=maybe").message).toBe("--json takes no value.")
  })
})
