// Long reads in short turns: nothing is skipped or seen twice, and others get their turn.
import { describe, expect, test } from "bun:test"
import { keyAfter, Turns } from "../../src/store/turns.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"

function table(count: number, bytes: number): MemoryEngine {
  const engine = new MemoryEngine()
  engine.transact(() => {
    for (let n = 0; n < count; n++) engine.tables.rows.put(Buffer.from(`${10_000 + n}`), Buffer.alloc(bytes))
  })
  return engine
}

async function turnsOf(run: () => Promise<void>): Promise<number> {
  let turns = 0
  let done = false
  const running = run().finally(() => {
    done = true
  })
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  await running
  return turns
}

describe("a walk", () => {
  test.each([
    ["no entries", 0, 0, 1],
    ["few entries", 10, 100, 1],
    ["many entries", 3_500, 1, 3],
    ["large entries", 10, 600_000, 5],
  ])("over %s sees each once, in order", async (_, count, bytes, turnsMin) => {
    const { tables } = table(count, bytes)
    const seen: string[] = []
    const turns = await turnsOf(() =>
      new Turns().walk(tables.rows, (key) => {
        seen.push(key.toString())
        return 1
      }),
    )
    expect(seen).toEqual(Array.from({ length: count }, (_, n) => `${10_000 + n}`))
    expect(turns).toBeGreaterThanOrEqual(turnsMin)
  })

  test("counts what its visitor looks at elsewhere", async () => {
    const { tables } = table(20, 1)
    expect(await turnsOf(() => new Turns().walk(tables.rows, () => 1_000))).toBeGreaterThanOrEqual(20)
  })

  test("stops before its end", async () => {
    const seen: string[] = []
    await new Turns().walk(
      table(9, 1).tables.rows,
      (key) => {
        seen.push(key.toString())
        return 1
      },
      Buffer.from("10003"),
    )
    expect(seen).toEqual(["10000", "10001", "10002"])
  })

  test("goes on behind an entry that was removed meanwhile, and sees those that were added behind it", async () => {
    const engine = table(1_500, 1)
    const seen: string[] = []
    const walk = new Turns().walk(engine.tables.rows, (key) => {
      seen.push(key.toString())
      return 1
    })
    expect(seen).toHaveLength(1_000)
    engine.transact(() => {
      engine.tables.rows.remove(Buffer.from("10999"))
      engine.tables.rows.remove(Buffer.from("11000"))
      engine.tables.rows.put(Buffer.from("10500x"), Buffer.from("before"))
      engine.tables.rows.put(Buffer.from("10999x"), Buffer.from("behind"))
    })
    await walk
    expect(seen.slice(1_000, 1_003)).toEqual(["10999x", "11001", "11002"])
    expect(seen).toHaveLength(1_500)
  })
})

describe("the key after a key", () => {
  test("is the smallest greater one", () => {
    expect(keyAfter(Buffer.from("a")).toString("hex")).toBe("6100")
  })
})
