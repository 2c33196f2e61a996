// Questions: what any node of the cluster tells any other at any time, and to whom it tells nothing.
import { describe, expect, test } from "bun:test"
import { digestOf, genesisDigest } from "../../src/protocol/digest.ts"
import { type Envelope, type PeerRequest, protocolVersion } from "../../src/protocol/messages.ts"
import { answerQuestion, isQuestion, type Question, type Questioned, questionEnvelope } from "../../src/protocol/question.ts"

const digest = digestOf("version 5")
const asked: Questioned = {
  node: "b",
  cluster: "cluster",
  epoch: { number: 3, id: "third" },
  session: "session of b",
  role: "replica",
  mode: "paired",
  lacking: true,
  position: { head: 5, headDigest: digest, committed: 4 },
  logStart: 2,
  digest: (version) => (version === 5 ? digest : undefined),
}
const own = { node: "a", cluster: "cluster", epoch: { number: 3, id: "third" }, session: "session of a" }

function answerTo(question: Question, envelope: Partial<Envelope> = {}, node: Partial<Questioned> = {}) {
  return answerQuestion({ ...asked, ...node }, { ...questionEnvelope(own, 17), ...envelope }, question)
}

describe("a question", () => {
  test("is what quotes no session: a digest that is asked for within a link is none (I6)", () => {
    const outside = questionEnvelope(own, 17)
    const within: Envelope = { ...outside, peerSession: asked.session, link: 3 }
    const kinds = (envelope: Envelope): boolean[] => [{ kind: "position" }, { kind: "digest", version: 1 }, { kind: "heartbeat" }].map((request) => isQuestion(envelope, request as PeerRequest))
    expect([kinds(outside), kinds(within)]).toEqual([
      [true, true, false],
      [true, false, false],
    ])
  })

  test("of where the log stands is answered with role and position", () => {
    expect(answerTo({ kind: "position" })).toEqual({
      envelope: { protocol: protocolVersion, cluster: "cluster", node: "b", epoch: { number: 3, id: "third" }, session: "session of b", peerSession: "session of a", link: 0, sentAtMs: 17 },
      answer: { kind: "position", role: "replica", mode: "paired", lacking: true, head: 5, headDigest: digest, committed: 4, logStart: 2 },
    })
  })

  test("of a digest is answered with it, or with none where the log has no such version", () => {
    const digests = [5, 6].map((version) => answerTo({ kind: "digest", version }).answer)
    expect(digests).toEqual([
      { kind: "digest", version: 5, digest },
      { kind: "digest", version: 6, digest: null },
    ])
  })

  test.each([
    ["a lower one", { number: 1, id: "first" }],
    ["a higher one", { number: 9, id: "ninth" }],
    ["another of the same number", { number: 3, id: "other" }],
  ])("is answered in whatever epoch it is asked: %s", (_, epoch) => {
    expect(answerTo({ kind: "position" }, { epoch }).answer.kind).toBe("position")
  })

  test.each(["primary", "replica"] as const)("is answered by a %s", (role) => {
    expect(answerTo({ kind: "position" }, {}, { role }).answer).toMatchObject({ kind: "position", role })
  })

  test.each([
    ["of another protocol", { protocol: protocolVersion + 1 }, {}, "protocol"],
    ["from the node itself", { session: asked.session }, {}, "itself"],
    ["from a node with the same name", { node: "b" }, {}, "same-node"],
    ["from another cluster", { cluster: "other" }, {}, "foreign-cluster"],
    ["from a node without a cluster", { cluster: null }, {}, "foreign-cluster"],
    ["to a node without a cluster", {}, { cluster: null, position: { head: 0, headDigest: genesisDigest, committed: 0 } }, "foreign-cluster"],
  ] as const)("%s is refused (I6)", (_, envelope, node, code) => {
    for (const question of [{ kind: "position" }, { kind: "digest", version: 5 }] as const) {
      const { answer } = answerTo(question, envelope, node)
      expect(answer).toMatchObject({ kind: "refused", of: question.kind, code })
      expect(JSON.stringify(answer)).not.toContain("epoch")
    }
  })
})
