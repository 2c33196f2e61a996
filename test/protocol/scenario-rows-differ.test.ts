// Both logs are equal and the rows are not: found when the nodes meet and while they run, and both stop (P6).
import { describe, expect, test } from "bun:test"
import type { Checkpoint } from "../../src/protocol/checkpoint.ts"
import { digestOf, digestText } from "../../src/protocol/digest.ts"
import { chain } from "./chain.ts"
import { Pair } from "./pair.ts"

const log = chain(Array.from({ length: 6 }, () => "common"))

function checkpoint(version: number, rows: string): Checkpoint {
  const record = log[version - 1]
  if (record === undefined) throw new Error(`there is no version ${version}`)
  return { version, digest: record.digest, state: digestOf(rows).subarray(0, 16) }
}

/** Both are in sync, and have noted nothing yet. */
function inSync(): Pair {
  const pair = new Pair({ a: { log }, b: { log } })
  pair.tick()
  pair.run()
  expect(pair.a.phase.name).toBe("steady")
  pair.lines.length = 0
  return pair
}

const detail = "both logs are equal up to version 4, and the rows are not: on one of the two disks they are not what was written"

describe("rows that differ", () => {
  test("are found with the next heartbeat: both nodes stop (P6)", () => {
    const pair = inSync()
    pair.disks.a.checkpoints = [checkpoint(4, "right")]
    pair.disks.b.checkpoints = [checkpoint(4, "wrong")]
    pair.tick(1_000)
    pair.run()
    expect(pair.read()).toBe(`a→b heartbeat\na←b heartbeat refused, rows-differ: ${detail}\nb   stops, damaged: ${detail}\na   stops, damaged: ${detail}`)
    expect(pair.a.phase.name).toBe("stopped")
  })

  test("are found before the pair is in sync again, also where the stop was not heard: it never is (P6)", () => {
    const pair = new Pair({ a: { log, checkpoints: [checkpoint(4, "right")] }, b: { log, checkpoints: [checkpoint(4, "wrong")] } })
    pair.tick()
    pair.run()
    expect(pair.read()).toEndWith(`a←b hello refused, rows-differ: ${detail}\nb   stops, damaged: ${detail}\na   stops, damaged: ${detail}`)
    expect([pair.b.synced, pair.b.link]).toEqual([false, 0])
  })

  test("are not looked for at different versions, nor where one node has noted nothing", () => {
    for (const checkpoints of [[], [checkpoint(3, "earlier")], [checkpoint(4, "right"), checkpoint(5, "later")]]) {
      const pair = inSync()
      pair.disks.a.checkpoints = [checkpoint(4, "right")]
      pair.disks.b.checkpoints = checkpoints
      pair.tick(1_000)
      pair.run()
      expect(pair.a.phase.name).toBe("steady")
    }
  })

  test("of logs that differ are no news: those are found to have diverged", () => {
    const yours = [...log.slice(0, 3), ...chain(["yours", "yours", "yours"], log.slice(0, 3))]
    const theirs = { version: 4, digest: yours[3]?.digest ?? digestOf(""), state: digestOf("other").subarray(0, 16) }
    const pair = new Pair({ a: { log, checkpoints: [checkpoint(4, "right")] }, b: { log: yours, checkpoints: [theirs] } })
    pair.tick()
    pair.run()
    expect(pair.read()).toContain("b   stops, diverged")
  })

  test("that a message of another link, or of another session, tells of change nothing (I6)", () => {
    const pair = inSync()
    pair.disks.b.checkpoints = [checkpoint(4, "right")]
    const told = { kind: "heartbeat", checkpoint: checkpoint(4, "wrong") } as const
    const hello = { kind: "hello", open: false, head: 6, headDigest: log[5]?.digest ?? digestOf(""), committed: 6, logStart: 1, publicUrl: "", checkpoint: checkpoint(4, "wrong") } as const
    for (const envelope of [{ link: 7 }, { session: "an earlier one" }, { peerSession: "an earlier one" }]) {
      expect(pair.ask(told, envelope)).toMatchObject({ kind: "refused", code: "session" })
      expect(pair.ask(hello, envelope)).toMatchObject({ kind: "hello", opened: false })
      if (!("session" in envelope)) expect(pair.ask({ ...hello, open: true }, envelope)).toMatchObject({ kind: "refused", code: "session" })
    }
    expect(pair.read()).not.toContain("stops")
    expect(digestText(pair.b.headDigest)).toBe(digestText(pair.a.headDigest))
  })
})
