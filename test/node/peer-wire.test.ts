// Peer messages as bytes: every kind there and back, and no bytes at all that do more harm than to be refused.
import { describe, expect, test } from "bun:test"
import { decodeAnswer, decodeRequest, encodePeerMessage, PeerMessageDamaged, sameSignature, signAnswer, signRequest } from "../../src/node/peer-wire.ts"
import { digestOf } from "../../src/protocol/digest.ts"
import type { Answer, PeerRequest } from "../../src/protocol/messages.ts"
import { Random } from "../sim/random.ts"
import { answers, envelope, recordAfter, requests, secret } from "./peer-messages.ts"

const all: readonly (readonly [name: string, bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown])[] = [
  ...requests.map((message) => [`request ${message.kind}`, encodePeerMessage(envelope, message), decodeRequest] as const),
  ...answers.map((message) => [`answer ${message.kind}`, encodePeerMessage(envelope, message), decodeAnswer] as const),
]

/** A message, or undefined where the bytes are refused; fails where they throw anything else. */
function decoded(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(PeerMessageDamaged)
    return undefined
  }
}

/** Digests and record bytes may come as any kind of byte array. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, held: unknown) => (held instanceof Uint8Array ? [...held] : isBuffer(held) ? held.data : held)))
}

function isBuffer(value: unknown): value is { readonly data: unknown } {
  return typeof value === "object" && value !== null && (value as { type?: unknown }).type === "Buffer"
}

function withHeader(header: string | Uint8Array, tail: Uint8Array = Buffer.alloc(4)): Uint8Array {
  const bytes = Buffer.from(header)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes, tail])
}

describe("a peer message", () => {
  test.each(requests.map((message) => [message.kind, message] as const))("that asks for %s comes back as it was", (_, message: PeerRequest) => {
    expect(plain(decodeRequest(encodePeerMessage(envelope, message)))).toEqual(plain({ envelope, message }))
  })

  test.each(answers.map((message) => [message.kind, message] as const))("that answers with %s comes back as it was", (_, message: Answer) => {
    expect(plain(decodeAnswer(encodePeerMessage(envelope, message)))).toEqual(plain({ envelope, message }))
  })

  test("has an envelope without a cluster and a session where the sender knows none", () => {
    const stranger = { ...envelope, cluster: null, peerSession: null }
    expect(decodeRequest(encodePeerMessage(stranger, { kind: "heartbeat" })).envelope).toEqual(stranger)
  })

  test("carries digests that lie inside of other buffers", () => {
    const digest = digestOf("x")
    const inside = Buffer.concat([Buffer.alloc(7), digest, Buffer.alloc(7)]).subarray(7, 39)
    const { message } = decodeRequest(encodePeerMessage(envelope, { kind: "commit", version: 1, digest: inside, inSync: true }))
    expect(plain(message)).toEqual(plain({ kind: "commit", version: 1, digest, inSync: true }))
  })

  test("is read where it lies inside of a larger buffer", () => {
    const bytes = encodePeerMessage(envelope, requests[1] as PeerRequest)
    const larger = new Uint8Array(Buffer.concat([Buffer.alloc(13), bytes, Buffer.alloc(13)]))
    expect(plain(decodeRequest(larger.subarray(13, 13 + bytes.length)))).toEqual(plain(decodeRequest(bytes)))
  })

  test.each(all)("cut off anywhere is refused: %s", (_, bytes, decode) => {
    for (let length = 0; length < bytes.length; length++) expect([length, decoded(decode, bytes.subarray(0, length))]).toEqual([length, undefined])
  })

  test.each(all)("with bytes behind its end is refused: %s", (_, bytes, decode) => {
    for (const more of [[0], [0, 0, 0, 0], [0, 0, 0, 1, 65]]) expect(decoded(decode, Buffer.concat([bytes, Buffer.from(more)]))).toBeUndefined()
  })

  test.each(all)("with a byte that was altered is refused or unlike itself, and its signature tells in any case: %s", (_, bytes, decode) => {
    const whole = JSON.stringify(plain(decode(bytes)))
    const signature = signRequest(secret, "/log/x", bytes)
    for (let n = 0; n < bytes.length; n++) {
      for (const flip of [1 << n % 8, 0xff]) {
        const altered = Buffer.from(bytes)
        altered[n] = (altered[n] ?? 0) ^ flip
        const seen = decoded(decode, altered)
        if (seen !== undefined) expect(JSON.stringify(plain(seen))).not.toBe(whole)
        expect(sameSignature(signature, signRequest(secret, "/log/x", altered))).toBe(false)
      }
    }
  })

  test("of garbage, or altered in many places, is refused and nothing else happens (seed 20260301)", () => {
    const random = new Random(20_260_301)
    for (let n = 0; n < 20_000; n++) {
      const [, bytes, decode] = random.pick(all)
      const altered = random.chance(0.25) ? Buffer.alloc(random.between(0, 200)) : Buffer.from(bytes.subarray(0, random.between(1, bytes.length)))
      for (let flips = random.between(1, 8); flips > 0 && altered.length > 0; flips--) altered[random.between(0, altered.length - 1)] = random.between(0, 255)
      decoded(decode, altered)
    }
  })

  test("that says it has more than it has is refused, without room being made for it", () => {
    const header = JSON.stringify({ envelope, message: { kind: "prepare", round: 1, committed: 0 } })
    const many = Buffer.from([0xff, 0xff, 0xff, 0xff])
    const before = process.memoryUsage()
    for (let n = 0; n < 2_000; n++) {
      expect(decoded(decodeRequest, withHeader(header, many))).toBeUndefined()
      expect(decoded(decodeRequest, withHeader(header, Buffer.concat([Buffer.from([0, 0, 0, 1]), many])))).toBeUndefined()
      expect(decoded(decodeRequest, Buffer.concat([many, Buffer.from(header)]))).toBeUndefined()
    }
    // One of them would take more than that.
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(2 ** 31)
  })

  test("with records where none belong is refused", () => {
    const record = recordAfter(undefined).bytes
    const tail = Buffer.alloc(8)
    tail.writeUInt32BE(1, 0)
    tail.writeUInt32BE(record.length, 4)
    const withRecord = (message: object) => withHeader(JSON.stringify({ envelope, message }), Buffer.concat([tail, record]))
    expect(decoded(decodeRequest, withRecord({ kind: "prepare", round: 1, committed: 0 }))).toBeDefined()
    expect(decoded(decodeRequest, withRecord({ kind: "heartbeat" }))).toBeUndefined()
    expect(decoded(decodeRequest, withRecord({ kind: "records", from: 1 }))).toBeUndefined()
    expect(decoded(decodeAnswer, withRecord({ kind: "records", from: 1 }))).toBeDefined()
    expect(decoded(decodeAnswer, withRecord({ kind: "committed", committed: 1 }))).toBeUndefined()
  })

  const wrong: readonly (readonly [what: string, header: string])[] = [
    ["no JSON", "{"],
    ["another JSON", "[]"],
    ["nothing", "null"],
    ["a deep nest", "[".repeat(100_000)],
    ["a request's kind as an answer", JSON.stringify({ envelope, message: { kind: "prepare", round: 1, committed: 0 } })],
    ["a fraction", JSON.stringify({ envelope, message: { kind: "committed", committed: 1.5 } })],
    ["a negative number", JSON.stringify({ envelope, message: { kind: "committed", committed: -1 } })],
    ["a number beyond 2^53", `{"envelope":${JSON.stringify(envelope)},"message":{"kind":"committed","committed":9007199254740993}}`],
    ["an infinite number", `{"envelope":${JSON.stringify(envelope)},"message":{"kind":"committed","committed":1e999}}`],
    ["a digest that is too short", JSON.stringify({ envelope, message: { kind: "digest", version: 1, digest: "ab" } })],
    ["an unknown field", JSON.stringify({ envelope, message: { kind: "committed", committed: 1, more: 1 } })],
    ["a field beside", JSON.stringify({ envelope, message: { kind: "committed", committed: 1 }, more: 1 })],
    ["a prototype", `{"envelope":${JSON.stringify(envelope)},"message":{"kind":"committed","committed":1,"__proto__":{"kind":"vote"}}}`],
    ["a long text", JSON.stringify({ envelope: { ...envelope, node: "x".repeat(5_000) }, message: { kind: "committed", committed: 1 } })],
  ]
  test.each(wrong)("whose header has %s is refused", (what, header) => {
    const seen = decoded(decodeAnswer, withHeader(header))
    if (what !== "a prototype") return expect(seen).toBeUndefined()
    // Dropped or refused, it must not stand for what it hides.
    if (seen !== undefined) expect(plain(seen)).toEqual(plain({ envelope, message: { kind: "committed", committed: 1 } }))
  })
})

describe("a signature", () => {
  const body = encodePeerMessage(envelope, { kind: "heartbeat" })

  test("of a request is of its path, all its bytes and the secret", () => {
    const signature = signRequest(secret, "/log/heartbeat", body)
    expect(signature).toMatch(/^[0-9a-f]{64}$/)
    for (const other of [signRequest(`${secret}x`, "/log/heartbeat", body), signRequest(secret, "/log/commit", body), signRequest(secret, "/log/heartbeat", body.subarray(1))]) {
      expect(sameSignature(signature, other)).toBe(false)
    }
  })

  test("of an answer is of the request that it answers (I6)", () => {
    const asked = signRequest(secret, "/log/heartbeat", body)
    const askedLater = signRequest(secret, "/log/heartbeat", encodePeerMessage({ ...envelope, sentAtMs: 2 }, { kind: "heartbeat" }))
    expect(signAnswer(secret, asked, body)).not.toBe(signAnswer(secret, askedLater, body))
    expect(signAnswer(secret, asked, body)).not.toBe(signRequest(secret, asked, body))
  })

  test("is compared whole", () => {
    expect(sameSignature("ab", "ab")).toBe(true)
    for (const [a, b] of [["ab", "abc"], ["", "a"], ["ab", "aB"], ["é", "e"]] as const) expect(sameSignature(a, b)).toBe(false)
  })
})
