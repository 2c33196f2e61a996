// The participant alone: what it refuses, what it answers, and in which order.
import { describe, expect, test } from "bun:test"
import { digestOf, genesisDigest } from "../../src/protocol/digest.ts"
import type { Answer, PrepareRequest } from "../../src/protocol/messages.ts"
import { stepParticipant } from "../../src/protocol/participant.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { chain, log } from "./chain.ts"
import { Pair } from "./pair.ts"

const three = log(3)

function prepare(records: readonly SealedRecord[], round: number, committed = 3): PrepareRequest {
  return { kind: "prepare", round, committed, records }
}

/** In sync at version 3, with round 1 (version 4 and 5) prepared and not committed. */
function inDoubt(): { readonly pair: Pair; readonly batch: readonly SealedRecord[] } {
  const pair = Pair.inSync()
  const batch = chain(["x", "y"], three)
  pair.ask(prepare(batch, 1))
  pair.disk("b")
  expect(pair.b).toMatchObject({ head: 5, committed: 3 })
  return { pair, batch }
}

function code(answer: Answer | undefined): string | undefined {
  return answer?.kind === "refused" ? answer.code : answer?.kind
}

describe("a prepare", () => {
  test("is answered only when the disk has it (I2)", () => {
    const pair = Pair.inSync()
    expect(pair.ask(prepare(chain(["x"], three), 1))).toBeUndefined()
    pair.read()
    pair.disk("b")
    expect(pair.read()).toBe("a←b round 1 prepared; committed 3")
  })

  test("that does not begin after the head is refused (I4)", () => {
    const pair = Pair.inSync()
    const before = pair.b
    expect(code(pair.ask(prepare(chain(["x", "y"], three).slice(1), 1)))).toBe("gap")
    expect(code(pair.ask(prepare(three.slice(2), 1)))).toBe("gap")
    expect(pair.b).toEqual(before)
  })

  test("whose parent is not the head's digest is refused (I4)", () => {
    expect(code(Pair.inSync().ask(prepare(chain(["x"], log(3, "other")), 1)))).toBe("gap")
  })

  test("without records is refused", () => {
    expect(code(Pair.inSync().ask(prepare([], 1)))).toBe("damaged")
  })

  test("while another batch is in doubt is refused, and the batch stays (I5)", () => {
    const { pair, batch } = inDoubt()
    expect(code(pair.ask(prepare(chain(["z"], [...three, ...batch]), 2, 3)))).toBe("in-doubt")
    expect(code(pair.ask(prepare(chain(["z"], [...three, ...batch]), 2, 4)))).toBe("in-doubt")
    expect(pair.b).toMatchObject({ head: 5, committed: 3 })
  })

  test("implies the commit of all before it, and never of itself (I9)", () => {
    const { pair, batch } = inDoubt()
    pair.ask(prepare(chain(["z"], [...three, ...batch]), 2, 99))
    expect(pair.b.committed).toBe(5)
    pair.disk("b")
    expect(pair.b).toMatchObject({ head: 6, committed: 5 })
  })

  test("of the round before, or of another batch under a round's number, is refused (I10)", () => {
    const { pair, batch } = inDoubt()
    expect(code(pair.ask(prepare(batch, 0)))).toBe("stale-round")
    expect(code(pair.ask(prepare(chain(["other"], three), 1)))).toBe("stale-round")
  })

  test("that the disk refuses leaves the head where it was", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("b")
    pair.ask(prepare(chain(["x"], three), 1))
    pair.disk("b")
    expect(pair.b).toMatchObject({ head: 3, committed: 3 })
  })
})

describe("a commit", () => {
  test("above the head is refused (I9)", () => {
    const { pair, batch } = inDoubt()
    expect(code(pair.ask({ kind: "commit", version: 6, digest: batch[1]?.digest ?? genesisDigest, inSync: true }))).toBe("gap")
    expect(pair.b.committed).toBe(3)
  })

  test("of the head with another digest is refused, also where the head is committed already (I1, I4)", () => {
    const { pair } = inDoubt()
    expect(code(pair.ask({ kind: "commit", version: 5, digest: digestOf("other"), inSync: true }))).toBe("gap")
    expect(pair.b.committed).toBe(3)
    expect(code(Pair.inSync().ask({ kind: "commit", version: 3, digest: digestOf("other"), inSync: true }))).toBe("gap")
  })

  test("of the middle of the batch in doubt is refused: a batch is committed as a whole (I5)", () => {
    const { pair, batch } = inDoubt()
    expect(code(pair.ask({ kind: "commit", version: 4, digest: batch[0]?.digest ?? genesisDigest, inSync: true }))).toBe("in-doubt")
    expect(pair.b.committed).toBe(3)
  })

  test("below what is committed moves nothing back", () => {
    const pair = Pair.inSync()
    expect(pair.ask({ kind: "commit", version: 1, digest: three[0]?.digest ?? genesisDigest, inSync: true })).toEqual({ kind: "committed", committed: 3 })
    expect(pair.b.committed).toBe(3)
  })

  test("lets the replica serve reads only once the primary has said that both logs are equal (I9)", () => {
    const pair = new Pair({ a: { log: three }, b: { log: three } })
    pair.hold("commit")
    pair.tick()
    pair.run()
    expect(pair.b.synced).toBe(false)
    pair.ask({ kind: "commit", version: 3, digest: pair.b.headDigest, inSync: false })
    expect(pair.b.synced).toBe(false)
    pair.ask({ kind: "commit", version: 3, digest: pair.b.headDigest, inSync: true })
    expect(pair.b.synced).toBe(true)
  })
})

describe("a rollback", () => {
  test("takes the whole batch back before it is answered (I10)", () => {
    const { pair, batch } = inDoubt()
    const rollback = { kind: "rollback", round: 1, first: 4, digest: batch[1]?.digest ?? genesisDigest, parent: three[2]?.digest ?? genesisDigest } as const
    expect(pair.ask(rollback)).toBeUndefined()
    pair.read()
    pair.disk("b")
    expect(pair.read()).toBe("a←b round 1 rolled back")
    expect(pair.b).toMatchObject({ head: 3, committed: 3, headDigest: three[2]?.digest })
  })

  test("of a committed batch is a broken invariant, not an undo (I1)", () => {
    const { pair, batch } = inDoubt()
    const digest = batch[1]?.digest ?? genesisDigest
    pair.ask({ kind: "commit", version: 5, digest, inSync: true })
    const rollback = { kind: "rollback", round: 1, first: 4, digest, parent: three[2]?.digest ?? genesisDigest } as const
    expect(() => pair.ask(rollback)).toThrow("invariant I1 is broken")
  })

  test("of an earlier round is refused", () => {
    const { pair, batch } = inDoubt()
    expect(code(pair.ask({ kind: "rollback", round: 0, first: 4, digest: batch[1]?.digest ?? genesisDigest, parent: genesisDigest }))).toBe("stale-round")
    expect(pair.b.head).toBe(5)
  })

  test("of a round that never arrived closes that round (I10)", () => {
    const pair = Pair.inSync()
    const batch = chain(["x"], three)
    expect(pair.ask({ kind: "rollback", round: 1, first: 4, digest: batch[0]?.digest ?? genesisDigest, parent: pair.b.headDigest })).toEqual({ kind: "rolled-back", round: 1 })
    expect(code(pair.ask(prepare(batch, 1)))).toBe("stale-round")
    expect(pair.ask(prepare(batch, 2))).toBeUndefined()
  })
})

describe("while the disk is at work", () => {
  test("requests wait, and are answered in their order (I5)", () => {
    const pair = Pair.inSync()
    pair.ask(prepare(chain(["x"], three), 1))
    expect(pair.ask({ kind: "heartbeat" })).toBeUndefined()
    expect(pair.ask({ kind: "digest", version: 2 })).toBeUndefined()
    pair.read()
    pair.disk("b")
    expect(pair.read()).toBe(["a←b round 1 prepared; committed 3", "a←b heartbeat: head 4, committed 3", "b   reads its log", "a←b digest of 2 known"].join("\n"))
  })

  test("more than 64 are refused as busy", () => {
    const pair = Pair.inSync()
    pair.ask(prepare(chain(["x"], three), 1))
    for (let n = 0; n < 64; n++) expect(pair.ask({ kind: "heartbeat" })).toBeUndefined()
    expect(code(pair.ask({ kind: "heartbeat" }))).toBe("busy")
    pair.disk("b")
    expect(code(pair.ask({ kind: "heartbeat" }))).toBe("heartbeat")
  })
})

describe("an assertion stops", () => {
  test("a vote for what is not at the head (I2)", () => {
    const { pair, batch } = inDoubt()
    pair.b = { ...pair.b, head: 4 }
    expect(() => pair.ask(prepare(batch, 1))).toThrow("invariant I2 is broken")
  })

  test("a save that does not continue the log (I4)", () => {
    const pair = Pair.inSync()
    pair.ask(prepare(chain(["x"], three), 1))
    pair.b = { ...pair.b, headDigest: digestOf("other") }
    expect(() => pair.disk("b")).toThrow("invariant I4 is broken")
  })

  test("a save of an older link (I6)", () => {
    const pair = Pair.inSync()
    pair.ask(prepare(chain(["x"], three), 1))
    pair.b = { ...pair.b, link: 2 }
    expect(() => pair.disk("b")).toThrow("invariant I6 is broken")
  })

  test("events that nothing has asked for", () => {
    const { b } = Pair.inSync()
    for (const event of ["saved", "undone", "identified"] as const) expect(() => stepParticipant(b, { event })).toThrow()
    expect(() => stepParticipant(b, { event: "save-refused", code: "unique", detail: "" })).toThrow()
  })
})

test("told that the logs have diverged, it answers first and then stops, naming both digests from its side (I4)", () => {
  const pair = Pair.inSync()
  pair.ask({ kind: "diverged", version: 3, digest: digestOf("abc"), peerDigest: genesisDigest, common: 2 })
  expect(pair.read()).toBe("a←b diverged\nb   stops, diverged: the logs have diverged: the last common version is 2; version 3 has digest 000000… here and ba7816… on the peer")
})
