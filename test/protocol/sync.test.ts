// The coordinator on its way to agreement: refused hellos, answers out of place, and restarts on the way.
import { describe, expect, test } from "bun:test"
import { genesisDigest } from "../../src/protocol/digest.ts"
import type { Answer, Envelope, PeerRefusalCode } from "../../src/protocol/messages.ts"
import { log } from "./chain.ts"
import { Pair, timing } from "./pair.ts"

const five = log(5)

function hear(pair: Pair, answer: Answer, envelope: Partial<Envelope> = {}): void {
  pair.coordinate({ event: "answer", envelope: { ...pair.envelope(), node: "b", session: pair.b.session, peerSession: pair.a.session, ...envelope }, answer })
}

function greeting(): Pair {
  const pair = new Pair({ a: { log: five }, b: { log: five } })
  pair.tick()
  pair.read()
  return pair
}

describe("a refused hello", () => {
  const final: readonly (readonly [PeerRefusalCode, string])[] = [
    ["itself", "foreign"],
    ["same-node", "foreign"],
    ["foreign-cluster", "foreign"],
    ["not-replica", "foreign"],
    ["fenced", "fenced"],
  ]
  test.each(final)("with %s stops it as %s (I6)", (code, reason) => {
    const pair = greeting()
    hear(pair, { kind: "refused", of: "hello", code, detail: "why" })
    expect(pair.read()).toBe(`a   stops, ${reason}: why`)
  })

  test.each([["session"], ["busy"], ["no-copy"], ["protocol"]] as const)("with %s is asked again with the next tick: the peer may come round", (code) => {
    const pair = greeting()
    hear(pair, { kind: "refused", of: "hello", code, detail: "why" })
    expect(pair.a.phase).toEqual({ name: "greeting", ask: "lost" })
    pair.read()
    pair.tick()
    expect(pair.read()).toBe("a→b hello: head 5, committed 5")
  })

  const proven: readonly (readonly [PeerRefusalCode, string])[] = [
    ["wiped", "a   notice: the replica: why"],
    ["behind", "a   notice: the replica: why"],
    ["deposed", ""],
    ["epoch-forked", "a   stops, diverged: why"],
  ]
  test.each(proven)("with %s is said again to the session that answered, and only then anything follows (I6)", (code, follows) => {
    const pair = greeting()
    hear(pair, { kind: "refused", of: "hello", code, detail: "why" })
    expect(pair.read()).toBe("a→b hello, open: head 5, committed 5")
    expect(pair.a).toMatchObject({ phase: { name: "opening" }, peerSession: pair.b.session })
    hear(pair, { kind: "refused", of: "hello", code, detail: "why" })
    expect(pair.read()).toBe(follows)
  })

  test("is not what a refusal of something else, come late, looks like (I6)", () => {
    const pair = greeting()
    hear(pair, { kind: "refused", of: "commit", code: "fenced", detail: "why" })
    expect(pair.read()).toBe("")
  })
})

describe("a hello's answer", () => {
  const answer: Answer = { kind: "hello", opened: false, link: 0, fresh: false, head: 5, headDigest: five[4]?.digest ?? genesisDigest, committed: 5, logStart: 1 }

  test("to another session of this node is not heard (I6)", () => {
    const pair = greeting()
    hear(pair, answer, { peerSession: "a0" })
    expect(pair.read()).toBe("")
  })

  test("that opened a link is not heard while only asking (I6)", () => {
    const pair = greeting()
    hear(pair, { ...answer, opened: true } as Answer)
    expect(pair.read()).toBe("")
  })

  test.each([
    ["from another session", { session: "b9" }, 1],
    ["of a link that this hello does not open", {}, 2],
    ["of the link before", {}, 0],
    ["to an earlier hello, in which this primary may have been in another mode,", { sentAtMs: -1 }, 1],
  ] as const)("%s opens nothing (I6)", (_, envelope, link) => {
    const pair = greeting()
    hear(pair, answer)
    pair.read()
    hear(pair, { ...answer, opened: true, link } as Answer, envelope)
    expect(pair.a.phase.name).toBe("opening")
    expect(pair.read()).toBe("")
  })
})

describe("an answer out of place changes nothing", () => {
  test("records that do not begin after this head (I4)", () => {
    const pair = new Pair({ a: { log: five.slice(0, 2) }, b: { log: five } })
    pair.hold("records")
    pair.tick()
    pair.run()
    pair.read()
    hear(pair, { kind: "records", from: 4, records: five.slice(3) })
    hear(pair, { kind: "records", from: 3, records: [] })
    expect(pair.read()).toBe("")
    expect(pair.a.phase.name).toBe("adopting")
  })

  test("a digest of another version, or of none", () => {
    const pair = new Pair({ a: { log: five }, b: { log: log(5, "other") } })
    pair.hold("digest")
    pair.tick()
    pair.run()
    pair.read()
    hear(pair, { kind: "digest", version: 2, digest: genesisDigest })
    hear(pair, { kind: "digest", version: 5, digest: null })
    expect(pair.read()).toBe("")
    expect(pair.a.phase.name).toBe("locating")
  })

  test("a confirmation below the head: not in sync yet (I4)", () => {
    const pair = new Pair({ a: { log: five }, b: { log: five, committed: 3 } })
    pair.hold("commit")
    pair.tick()
    pair.run()
    pair.read()
    hear(pair, { kind: "committed", committed: 4 })
    expect(pair.a.phase.name).toBe("settling")
    hear(pair, { kind: "committed", committed: 5 })
    expect(pair.a.phase.name).toBe("steady")
  })

  test("a digest of this log that was read for another question", () => {
    const pair = new Pair({ a: { log: five }, b: { log: log(5, "other") } })
    pair.hold("digest")
    pair.tick()
    pair.run()
    const before = pair.a
    pair.coordinate({ event: "own-digest", version: 2, digest: genesisDigest })
    expect(pair.a).toEqual(before)
  })

  test("records and digests when in sync", () => {
    const pair = Pair.inSync()
    const before = pair.a
    hear(pair, { kind: "records", from: 4, records: five.slice(3) })
    hear(pair, { kind: "digest", version: 3, digest: genesisDigest })
    hear(pair, { kind: "diverged" })
    expect(pair.a).toEqual(before)
  })
})

describe("what this log was asked for", () => {
  test("records that do not begin after the replica's head are not sent (I4)", () => {
    const pair = new Pair({ a: { log: five }, b: { log: five.slice(0, 1) } })
    pair.hold("prepare")
    pair.tick()
    for (let n = 0; n < 3; n++) pair.deliver("hello")
    pair.disk("b")
    pair.deliver("hello")
    pair.finishReads()
    expect(pair.a.phase).toEqual({ name: "sending", loading: true })
    pair.read()
    pair.coordinate({ event: "loaded", records: five.slice(3) })
    pair.coordinate({ event: "loaded", records: [] })
    expect(pair.read()).toBe("")
    pair.run()
    expect(pair.underWay()).toEqual(["prepare"])
  })

  test("records that do not hold together are a broken invariant (I4)", () => {
    const pair = new Pair({ a: { log: five }, b: { log: five.slice(0, 1) } })
    pair.tick()
    for (let n = 0; n < 3; n++) pair.deliver("hello")
    pair.disk("b")
    pair.deliver("hello")
    pair.finishReads()
    expect(() => pair.coordinate({ event: "loaded", records: log(5, "other").slice(1) })).toThrow("invariant I4 is broken")
  })
})

describe("the replica starts anew in the middle of the sync", () => {
  test("while it is sent what it lacks: the sync begins anew, and nobody is stuck", () => {
    const pair = new Pair({ a: { log: five }, b: { log: five.slice(0, 1) } })
    pair.perMessage = 2
    pair.hold("prepare")
    pair.tick()
    pair.run()
    pair.restart("b")
    pair.release("prepare")
    pair.run()
    expect(pair.a.phase.name).toBe("steady")
    expect(pair.disks.b.records).toEqual(five)
  })

  test("while this disk adopts: it waits for the disk, and goes on from there (I5)", () => {
    const pair = new Pair({ a: { log: five.slice(0, 1) }, b: { log: five } })
    pair.perMessage = 2
    pair.hold("a disk")
    pair.tick()
    pair.run()
    pair.restart("b")
    hear(pair, { kind: "refused", of: "records", code: "session", detail: "anew" }, { session: pair.b.session, link: 0 })
    pair.tick()
    expect(pair.underWay()).toEqual([])
    pair.release("a disk")
    pair.run()
    pair.tick()
    pair.run()
    expect(pair.a.phase.name).toBe("steady")
    expect(pair.disks.a.records).toEqual(five)
  })

  test("over and over: the time limit counts from the beginning", () => {
    const pair = new Pair({ a: { log: five }, b: { log: five } })
    pair.hold("commit")
    pair.tick()
    const { syncSinceMs } = pair.a
    for (let n = 0; n < 3; n++) {
      pair.run()
      pair.restart("b")
      pair.tick(5_000)
      pair.deliver("commit")
      pair.run()
    }
    expect(pair.a.syncSinceMs).toBe(syncSinceMs)
    pair.tick(timing.syncTimeoutMs)
    expect(pair.a.phase.name).toBe("stuck")
  })
})
