// Whom a participant listens to, and what the envelope of its answers says.
import { describe, expect, test } from "bun:test"
import { envelopeOfAnswer, openLink } from "../../src/protocol/greeting.ts"
import type { Envelope, HelloRequest } from "../../src/protocol/messages.ts"
import { log } from "./chain.ts"
import { Pair, type Side } from "./pair.ts"

const three = log(3)
const five = log(5)

function hello(pair: Pair, open: boolean): HelloRequest {
  return { kind: "hello", open, head: pair.a.head, headDigest: pair.a.headDigest, committed: pair.a.committed, logStart: 1, publicUrl: "http://a" }
}

describe("a hello", () => {
  test("that only asks changes nothing (I6)", () => {
    const pair = Pair.inSync()
    const before = pair.b
    expect(pair.ask(hello(pair, false))).toMatchObject({ kind: "hello", opened: false, link: 1, fresh: false })
    expect(pair.b).toEqual(before)
  })

  test("that opens begins a link of its own, in which no earlier round counts (I6)", () => {
    const pair = Pair.inSync()
    pair.propose("x")
    pair.run()
    expect(pair.ask(hello(pair, true), { session: "a9" })).toMatchObject({ kind: "hello", opened: true, link: 2 })
    expect(pair.b).toMatchObject({ link: 2, peerSession: "a9", lastRound: null, primaryUrl: "http://a" })
  })

  test.each([
    ["another session of this node", { peerSession: "b0" }],
    ["none", { peerSession: null }],
    ["an older link", { link: 0 }],
    ["a link that is not open yet", { link: 2 }],
  ])("that opens and quotes %s is refused (I6)", (_, envelope) => {
    const pair = Pair.inSync()
    const before = pair.b
    expect(pair.ask(hello(pair, true), envelope)).toMatchObject({ kind: "refused", code: "session" })
    expect(pair.b).toEqual(before)
  })

  test.each([
    ["nobody's cluster", { cluster: null }, "foreign-cluster"],
    ["another cluster", { cluster: "other" }, "foreign-cluster"],
    ["another protocol", { protocol: 9 }, "protocol"],
    ["this node's own session", { session: "b2" }, "itself"],
    ["this node's name", { node: "b" }, "same-node"],
    ["a lower epoch", { epoch: { number: 0, id: "zero" } }, "fenced"],
    ["a forked epoch", { epoch: { number: 1, id: "another" } }, "epoch-forked"],
  ])("of %s is refused, whether it opens or asks (I6)", (_, envelope, code) => {
    for (const open of [false, true]) {
      const pair = Pair.inSync()
      const before = pair.b
      expect(pair.ask(hello(pair, open), envelope)).toMatchObject({ kind: "refused", code })
      expect(pair.b).toEqual(before)
    }
  })

  test.each([
    ["another reign's", { b: { log: five } }, { epoch: { number: 1, id: "another" } }, "epoch-forked"],
    ["a primary's that has data, on an empty disk,", { b: { log: [], cluster: null } }, {}, "wiped"],
    ["a primary's that was trimmed", { b: { log: five.slice(0, 2) } }, {}, "behind"],
  ] as readonly [string, { readonly b: Side }, Partial<Envelope>, string][])("that comes late, %s makes nobody stop: only one that quotes this process does (I6)", (_, { b }, envelope, code) => {
    const pair = new Pair({ a: { log: five, logStart: 4 }, b })
    const late = { ...hello(pair, true), logStart: 4 }
    for (const peerSession of [null, "an earlier one"]) {
      expect(pair.ask(late, { ...envelope, peerSession })).toMatchObject({ kind: "refused", code })
      expect(pair.read()).toMatch(/^a←b hello refused, [^\n]*$/)
    }
    expect(pair.disks.b.lacking).toBe(false)
    pair.ask(late, { ...envelope, peerSession: pair.b.session })
    pair.run()
    expect(pair.read()).toContain("b   stops")
  })

  test("of a higher epoch is taken over durably before the link opens; the lower one is fenced from then on (I6)", () => {
    const pair = Pair.inSync()
    const epoch = { number: 2, id: "second" }
    expect(pair.ask(hello(pair, true), { epoch })).toBeUndefined()
    expect(pair.b).toMatchObject({ epoch: { number: 1 }, link: 1 })
    pair.disk("b")
    expect(pair.b).toMatchObject({ epoch, link: 2 })
    expect(pair.ask({ kind: "heartbeat" }, { link: 2 })).toMatchObject({ kind: "refused", code: "fenced" })
    expect(pair.ask({ kind: "heartbeat" }, { link: 2, epoch })).toMatchObject({ kind: "heartbeat" })
  })
})

describe("a message that is no hello", () => {
  test.each([
    ["another protocol", { protocol: 9 }, "protocol"],
    ["another cluster", { cluster: "other" }, "foreign-cluster"],
    ["a lower epoch", { epoch: { number: 0, id: "zero" } }, "fenced"],
    ["a forked epoch", { epoch: { number: 1, id: "another" } }, "session"],
    ["an epoch that is new here", { epoch: { number: 2, id: "second" } }, "session"],
    ["a link that is not the newest", { link: 0 }, "session"],
    ["a session of this node that is over", { peerSession: "b0" }, "session"],
    ["a session that did not open this link", { session: "a0" }, "session"],
  ])("of %s is refused by that name (I6)", (_, envelope, code) => {
    expect(Pair.inSync().ask({ kind: "heartbeat" }, envelope)).toMatchObject({ kind: "refused", code })
  })

  test("is refused by a disk that belongs to no pair, so that the primary says hello and finds out why (I6)", () => {
    const pair = new Pair({ a: { log: [] }, b: { log: [], cluster: null } })
    expect(pair.ask({ kind: "heartbeat" })).toMatchObject({ kind: "refused", code: "session" })
  })
})

describe("the envelope of an answer", () => {
  test("repeats the asker's session, link and clock, whatever link is open by now (I6)", () => {
    const pair = Pair.inSync()
    const asked = pair.envelope()
    expect(envelopeOfAnswer({ ...pair.b, link: 7 }, asked)).toMatchObject({ session: pair.b.session, peerSession: asked.session, link: asked.link, sentAtMs: asked.sentAtMs, node: "b" })
  })

  test("names no link at all where the request quoted another session (I6)", () => {
    const pair = Pair.inSync()
    expect(envelopeOfAnswer(pair.b, { ...pair.envelope(), peerSession: "b0" }).link).toBe(0)
  })
})

test("no link is opened for another cluster or epoch, whoever asks for it (I6)", () => {
  const pair = new Pair({ a: { log: three }, b: { log: three } })
  const request = hello(pair, true)
  const incoming = { ticket: 1, request, envelope: pair.envelope() }
  expect(() => openLink(pair.b, { ...incoming, envelope: { ...incoming.envelope, cluster: "other" } }, request, false)).toThrow("invariant I6 is broken")
  expect(() => openLink(pair.b, { ...incoming, envelope: { ...incoming.envelope, epoch: { number: 2, id: "second" } } }, request, false)).toThrow("invariant I6 is broken")
})
