// What people see: aligned, measured without colours, and safe whatever was stored.
import { expect, test } from "bun:test"
import { paintFor } from "../../src/cli/colour.ts"
import { entityTable } from "../../src/cli/entity-view.ts"
import { prettyJson } from "../../src/cli/pretty-json.ts"
import { problemSentence } from "../../src/cli/problem-failure.ts"
import { progressLine } from "../../src/cli/progress.ts"
import { table } from "../../src/cli/table.ts"

const plain = paintFor({ colours: false })
const coloured = paintFor({ colours: true })

test("columns are aligned whether they are coloured or not", () => {
  expect(table([["a", "1"], [coloured("red", "bbb"), "2"]])).toBe(`a    1\n${coloured("red", "bbb")}  2\n`)
})

test("the last column is cut at the edge of the terminal", () => {
  expect(table([["id", "x".repeat(100)]], 30)).toBe(`id  ${"x".repeat(25)}…\n`)
})

test("stored text cannot move the cursor of who looks at it", () => {
  const shown = entityTable([{ id: "1", value: { text: "\u001b[2Jgone\u202e" } }], plain, 200) + prettyJson({ "\u001b": "\u009b1m" }, plain)
  expect(/[\u001b\u009b\u202e]/.test(shown)).toBe(false)
})

test("a progress line tells share, rate and time left", () => {
  const line = progressLine({ label: "import", done: 12_000, unit: "lines", share: 0.25, elapsedMs: 3_000 })
  expect(line).toBe(`[${"█".repeat(6)}${"░".repeat(18)}] 25 % import 12,000 lines, 4,000/s, 9s left`)
})

test("a progress line without a known end tells what is known", () => {
  expect(progressLine({ label: "export", done: 10, unit: "entities", share: undefined, elapsedMs: 0 })).toBe("export 10 entities, 0/s")
})

test("a problem becomes a sentence with every issue", () => {
  expect(problemSentence({ detail: "The data is invalid.", code: "invalid", issues: [{ pointer: "/email", message: "is missing" }] })).toBe(
    "The data is invalid. [invalid]\n  /email: is missing",
  )
})
