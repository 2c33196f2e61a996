// Fault 11 on the bytes between the nodes: connections that end after any byte, one direction that is silent while the other one is not,
// and messages that overtake each other or come when nobody waits for them any more.
import { describe, expect, test } from "bun:test"
import { exitCodes } from "../../src/runtime/exit.ts"
import type { BadLine, Direction } from "./bad-line.ts"
import { FewWrites } from "./few-writes.ts"
import { type RealPair, until } from "./real-pair.ts"
import { pairsWith } from "./started-pair.ts"
import { Witness } from "./witness.ts"

const withPair = pairsWith({ badLine: true })

async function written(pair: RealPair): Promise<{ readonly witness: Witness; readonly writes: FewWrites }> {
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  for (let n = 0; n < 4; n++) expect(await writes.next()).toBe("acknowledged")
  return { witness, writes }
}

describe.each<Direction>(["there", "back"])("connections between the nodes, in what goes %s", (direction) => {
  test("that are cut after any byte of a write's messages: asked again, and done once (I8, P3)", async () => {
    await withPair(async (pair) => {
      const { witness, writes } = await written(pair)
      const line = pair.lineFrom(pair.a)
      line.pass()
      expect(await writes.next()).toBe("acknowledged")
      const bytes = line.bytes(direction)
      expect(bytes).toBeGreaterThan(300)
      // Coprime to whatever lengths there are, so that it is no byte of the same kind each time.
      const step = direction === "there" ? 53 : 37
      for (let after = 0; after < bytes; after += step) {
        const before = line.cuts
        line.set(direction, { cutAfterBytes: after })
        expect([after, await writes.next()]).toEqual([after, "acknowledged"])
        // What a write says is not always of the same length; if not it, a heartbeat says the rest.
        await until("it is cut", () => line.cuts === before + 1)
      }
      expect([pair.a.starts, pair.b.starts]).toEqual([1, 1])
      await witness.settle(pair)
      // Longer than a busy machine takes to ask again: then no cut is more than a moment.
    }, { flags: ["--peer-timeout", "20s", "--lease", "60s"] })
  })

  test.each(["hold", "lose"] as const)("which is silent while the other direction is not (%s): nobody is told what is not so, and it heals (P1, P3, P4, I10)", async (treatment) => {
    await withPair(async (pair) => {
      const { witness, writes } = await written(pair)
      const { a, b } = pair
      const line = pair.lineFrom(a)
      line.set(direction, treatment)
      expect(await writes.next()).toBe("unknown")
      expect(await a.ended).toEqual({ code: exitCodes.stuck, signal: null })
      a.start()
      // Its hello, too; the replica goes on reading, and says so once it may be behind.
      expect(await a.ended).toEqual({ code: exitCodes.stuck, signal: null })
      expect(await witness.look(b, "/users/u1")).toBeDefined()
      line.pass()
      pair.supervise()
      a.start()
      await witness.settle(pair)
      expect(await writes.next()).toBe("acknowledged")
      expect(b.starts).toBe(1)
      await witness.settle(pair)
    }, { flags: ["--peer-timeout", "2s", "--lease", "4s", "--sync-timeout", "3s"] })
  })
})

describe("where connections that were there before are slower than new ones", () => {
  function slowDown(line: BadLine, byMs: number): void {
    const { connections } = line
    line.set("there", { delayMs: (connection) => (connection < connections ? byMs : 0) })
  }

  test("messages overtake each other, and everything is done once (I6, I8)", async () => {
    await withPair(async (pair) => {
      const { witness, writes } = await written(pair)
      const line = pair.lineFrom(pair.a)
      const before = line.connections
      for (let round = 0; round < 2; round++) {
        // Longer than it is from one heartbeat to the next.
        slowDown(line, 1_500)
        expect(await Promise.all([writes.next(), writes.next(), writes.next()])).toEqual(["acknowledged", "acknowledged", "acknowledged"])
      }
      // Something went over a new one while the old one was under way.
      expect(line.connections).toBeGreaterThan(before)
      expect([pair.a.starts, pair.b.starts]).toEqual([1, 1])
      await witness.settle(pair)
    }, { flags: ["--peer-timeout", "20s", "--lease", "60s"] })
  })

  test("messages of a process that is no more arrive under the next one, and change nothing (I6)", async () => {
    await withPair(async (pair) => {
      const { witness, writes } = await written(pair)
      const { a } = pair
      const line = pair.lineFrom(a)
      for (let round = 0; round < 3; round++) {
        slowDown(line, Infinity)
        expect(await writes.next()).toBe("unknown")
        expect(await a.ended).toEqual({ code: exitCodes.stuck, signal: null })
        a.start()
        await pair.inSync()
        expect(line.underWay).toBeGreaterThan(0)
        line.pass()
        await until("what was under way has arrived", () => line.underWay === 0)
        expect(await writes.next()).toBe("acknowledged")
        await witness.settle(pair)
      }
    }, { flags: ["--peer-timeout", "2s", "--lease", "10s"] })
  })
})
