// The list of faults names tests that there are.
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { faults } from "./faults.ts"

describe("the list of faults", () => {
  test("leaves none of the twenty-two out", () => {
    expect(faults.map(({ number }) => number)).toEqual(Array.from({ length: 22 }, (_, n) => n + 1))
  })

  test.each(faults.map((fault) => [fault.number, fault] as const))("has a test for fault %d", (_, { tests }) => {
    expect(tests).not.toEqual([])
    for (const [file, name] of tests) {
      const text = readFileSync(join(import.meta.dir, file.includes("/") ? ".." : "", file), "utf8")
      expect([file, text.includes(name) ? name : "is not in it"]).toEqual([file, name])
    }
  })

  test("names commands that there are", () => {
    const { scripts } = JSON.parse(readFileSync(join(import.meta.dir, "../../package.json"), "utf8")) as { readonly scripts: Readonly<Record<string, string>> }
    for (const { long } of faults) if (long !== undefined) expect(scripts).toHaveProperty([/^npm run ([\w-]+)/.exec(long)?.[1] ?? long])
  })
})
