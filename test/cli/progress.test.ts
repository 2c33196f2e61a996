// The progress bar: when it is there, and what it says.
import { describe, expect, test } from "bun:test"
import { counted, grouped, ProgressBar, progressLine, whileWaiting } from "../../src/cli/progress.ts"
import { textWidth } from "../../src/cli/text-width.ts"
import { until } from "../cluster/real-pair.ts"
import { scriptedTerminal } from "./scripted-terminal.ts"

const quarter = { label: "import", done: 12_000, unit: "lines", share: 0.25, elapsedMs: 3_000, columns: 100 }

describe("a progress line", () => {
  test("tells share, rate and time left", () => {
    expect(progressLine(quarter)).toBe(`[${"█".repeat(6)}${"░".repeat(18)}] 25 % import 12,000 lines, 4,000/s, 9s left`)
  })

  test("without a known end tells what is known", () => {
    expect(progressLine({ ...quarter, label: "export", done: 10, unit: "entities", share: undefined, elapsedMs: 0 })).toBe("export 10 entities, 0/s")
  })

  test("never wraps, whatever the terminal's width: a line that wraps could not be replaced", () => {
    for (let columns = 4; columns < 100; columns += 1) {
      for (const share of [undefined, 0.25]) expect(textWidth(progressLine({ ...quarter, share, columns }))).toBeLessThan(columns)
    }
    expect(progressLine({ ...quarter, columns: 60 })).toBe("25 % import 12,000 lines, 4,000/s, 9s left")
  })

  test("never promises more than all", () => {
    expect(progressLine({ ...quarter, share: 1.2 })).toBe(`[${"█".repeat(24)}] 100 % import 12,000 lines, 4,000/s, 0ms left`)
  })
})

describe("a progress bar", () => {
  const watchedFor = (times: readonly number[], watched = true) => {
    let nowMs = 0
    const terminal = scriptedTerminal({}, "", { watched, monotonicMs: () => nowMs })
    const bar = new ProgressBar(terminal, "import", "lines")
    for (const time of times) {
      nowMs = time
      bar.at(time, undefined)
    }
    bar.end()
    return terminal.bars
  }

  test("is not shown for what takes less than a second, and then ten times a second at most", () => {
    expect(watchedFor([0, 500, 999])).toEqual([])
    expect(watchedFor([999, 1_000, 1_050, 1_100])).toEqual(["import 1,000 lines, 1,000/s", "import 1,100 lines, 1,000/s", ""])
  })

  test("is shown to nobody where nobody watches", () => {
    expect(watchedFor([1_000, 2_000], false)).toEqual([])
  })
})

describe("a wait", () => {
  test("tells how long it takes so far, and goes away when it is over", async () => {
    const terminal = scriptedTerminal({}, "", { watched: true, columns: 20 })
    const answer = Promise.withResolvers<string>()
    const waiting = whileWaiting(terminal, "the node checks its data", answer.promise)
    await until("it says so", () => terminal.bars.length > 0)
    answer.resolve("done")
    expect(await waiting).toBe("done")
    expect(terminal.bars[0]).toBe("the node checks it…")
    expect(terminal.bars.at(-1)).toBe("")
  })

  test("says nothing where nobody watches, or when it was short, and passes on what went wrong", async () => {
    const unwatched = scriptedTerminal()
    expect(await whileWaiting(unwatched, "a", Promise.resolve(1))).toBe(1)
    const short = scriptedTerminal({}, "", { watched: true })
    await expect(whileWaiting(short, "a", Promise.reject(new Error("no")))).rejects.toThrow("no")
    expect([...unwatched.bars, ...short.bars]).toEqual([])
  })
})

test("counts are grouped, and words agree with them", () => {
  expect([0, 999, 1_000, 1_234_567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"])
  expect([counted(1, "entity", "entities"), counted(1_000, "entity", "entities"), counted(0, "line", "lines")]).toEqual(["1 entity", "1,000 entities", "0 lines"])
})
