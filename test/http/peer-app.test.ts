// The peer listener: nothing of an unsigned, altered, misdirected or unreadable message reaches the node.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { createPeerApp } from "../../src/http/peer-app.ts"
import { pathOf, signatureHeader } from "../../src/node/peer-client.ts"
import { type DecodedRequest, decodeAnswer, encodePeerMessage, signAnswer, signRequest } from "../../src/node/peer-wire.ts"
import { genesisDigest } from "../../src/protocol/digest.ts"
import { InvariantBroken } from "../../src/protocol/invariant.ts"
import { type Answer, type Envelope, protocolVersion, type PeerRequest } from "../../src/protocol/messages.ts"
import { sealRecord } from "../../src/protocol/record.ts"
import { inside } from "./harness.ts"

const secret = "a secret of thirty-two characters or more"
const envelope: Envelope = { protocol: protocolVersion, cluster: "c", node: "a", epoch: { number: 1, id: "e" }, session: "s", peerSession: null, link: 1, sentAtMs: 0 }
const digest = genesisDigest
const record = sealRecord({ version: 1, epoch: 1, timeMs: 0, parent: digest, key: undefined, meta: { principal: "root" }, operations: "[]", results: "[]", writes: [] })

type Kind = PeerRequest["kind"]

const requests: { readonly [K in Kind]: Extract<PeerRequest, { readonly kind: K }> } = {
  hello: { kind: "hello", open: true, head: 0, headDigest: digest, committed: 0, logStart: 1, publicUrl: "http://a" },
  prepare: { kind: "prepare", round: 1, committed: 0, records: [record] },
  commit: { kind: "commit", version: 1, digest, inSync: true },
  rollback: { kind: "rollback", round: 1, first: 1, digest, parent: digest },
  records: { kind: "records", from: 1 },
  digest: { kind: "digest", version: 1 },
  heartbeat: { kind: "heartbeat" },
  handover: { kind: "handover", version: 1, digest, epoch: { number: 2, id: "second" }, decision: { what: "handover", by: "root", reason: "", forced: false } },
  diverged: { kind: "diverged", version: 1, digest, peerDigest: digest, common: 0 },
  position: { kind: "position" },
  "snapshot-manifest": { kind: "snapshot-manifest" },
  "snapshot-chunk": { kind: "snapshot-chunk", id: "copy", index: 1 },
}
const kinds = Object.keys(requests) as Kind[]

class Peer {
  readonly received: DecodedRequest[] = []
  readonly reported: string[] = []
  readonly rethrown: unknown[] = []
  answer: () => Answer = () => ({ kind: "heartbeat", head: 7, committed: 6 })
  readonly #app = createPeerApp(
    {
      receive: async (request) => {
        this.received.push(request)
        return { envelope, answer: this.answer() }
      },
      refuseProtocol: (unknown, of) => ({ envelope: { ...envelope, session: "of-b", peerSession: unknown.session }, answer: { kind: "refused", of, code: "protocol", detail: `not ${unknown.protocol}` } }),
    },
    { secret, peerTimeoutMs: 60_000 },
    { report: (line) => this.reported.push(line), rethrow: (error) => this.rethrown.push(error) },
  )

  async send({ method = "POST", path, body, signature }: { method?: string; path: string; body?: Uint8Array | ReadableStream<Uint8Array>; signature?: string | null }) {
    const signed = signature === undefined ? (body instanceof Uint8Array ? signRequest(secret, path, body) : null) : signature
    const headers: Record<string, string> = signed === null ? {} : { [signatureHeader]: signed }
    const request = new Request(`http://peer.test${path}`, { method, headers, ...(body === undefined ? {} : { body: body as BodyInit }) })
    const response = await this.#app.fetch(request)
    return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) }
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8")
}

describe.each(kinds)("a message of kind %s", (kind) => {
  const path = pathOf(kind)
  const body = new Uint8Array(encodePeerMessage(envelope, requests[kind]))

  test("that is signed reaches the node as it was sent, and the answer is signed for it alone", async () => {
    const peer = new Peer()
    const answer = await peer.send({ path, body })
    expect(answer.status).toBe(200)
    expect(answer.headers.get("content-type")).toBe("application/octet-stream")
    expect(peer.received).toHaveLength(1)
    expect(new Uint8Array(encodePeerMessage(envelope, peer.received[0]?.message ?? requests.heartbeat))).toEqual(body)
    expect(decodeAnswer(answer.bytes).message).toEqual({ kind: "heartbeat", head: 7, committed: 6 })
    expect(answer.headers.get(signatureHeader)).toBe(signAnswer(secret, signRequest(secret, path, body), answer.bytes))
  })

  test("of a protocol of later, whatever else is in it, is told which one this node speaks, and does nothing (I6)", async () => {
    const peer = new Peer()
    const later = { ...requests[kind], records: [], somethingNew: [1] }
    const body = new Uint8Array(encodePeerMessage({ ...envelope, protocol: protocolVersion + 1, ofLater: true } as typeof envelope, later as unknown as PeerRequest))
    const answer = await peer.send({ path, body })
    expect(decodeAnswer(answer.bytes)).toMatchObject({ envelope: { peerSession: envelope.session }, message: { kind: "refused", of: kind, code: "protocol", detail: `not ${protocolVersion + 1}` } })
    expect(peer.received).toEqual([])
  })

  test("that is unsigned, or not signed with this secret, is 401 and not looked at (I6)", async () => {
    const peer = new Peer()
    const right = signRequest(secret, path, body)
    const wrong = [null, "", "x", right.slice(1), `${right}0`, right.toUpperCase(), right.replace(/^./, (digit) => (digit === "0" ? "1" : "0")), signRequest(`${secret} `, path, body), signRequest("", path, body), signAnswer(secret, "", body)]
    for (const signature of wrong.filter((one) => one !== right)) {
      const answer = await peer.send({ path, body, signature })
      expect([signature, answer.status, answer.headers.get(signatureHeader)]).toEqual([signature, 401, null])
    }
    expect(peer.received).toEqual([])
  })

  test("of which any byte was altered is 401 (I6)", async () => {
    const peer = new Peer()
    const signature = signRequest(secret, path, body)
    for (let n = 0; n < body.length; n++) {
      const altered = body.slice()
      altered[n] = (altered[n] ?? 0) ^ (1 << n % 8)
      expect([n, (await peer.send({ path, body: altered, signature })).status]).toEqual([n, 401])
    }
    for (const altered of [body.slice(0, -1), body.slice(1), new Uint8Array([...body, 0]), new Uint8Array()]) {
      expect((await peer.send({ path, body: altered, signature })).status).toBe(401)
    }
    expect(peer.received).toEqual([])
  })

  test("at another path is 401, and 400 where it is signed for that (I6)", async () => {
    const peer = new Peer()
    for (const other of kinds.filter((one) => one !== kind).map(pathOf)) {
      expect((await peer.send({ path: other, body, signature: signRequest(secret, path, body) })).status).toBe(401)
      expect((await peer.send({ path: other, body })).status).toBe(400)
    }
    expect(peer.received).toEqual([])
  })

  test("by another method or under another name is 404", async () => {
    const peer = new Peer()
    for (const method of ["PUT", "PATCH", "DELETE"]) expect([method, (await peer.send({ method, path, body })).status]).toEqual([method, 404])
    for (const method of ["GET", "HEAD", "OPTIONS"]) expect([method, (await peer.send({ method, path })).status]).toEqual([method, 404])
    for (const name of [`${path}/`, `${path}/x`, path.toUpperCase(), path.slice(4), `/${path}`]) expect([name, (await peer.send({ path: name, body })).status]).toEqual([name, 404])
    expect(peer.received).toEqual([])
  })

  test("that is signed and cut off, lengthened or garbage is 400", async () => {
    const peer = new Peer()
    for (let length = 0; length < body.length; length++) {
      expect([length, (await peer.send({ path, body: body.slice(0, length) })).status]).toEqual([length, 400])
    }
    const garbage = [new Uint8Array([...body, 0]), new Uint8Array(64), new Uint8Array(64).fill(0xff), new TextEncoder().encode('{"kind":"heartbeat"}')]
    for (const one of garbage) expect((await peer.send({ path, body: one })).status).toBe(400)
    expect(peer.received).toEqual([])
    expect(peer.reported).toEqual([])
  })

  test("with a field that is missing, unknown or of another type is 400", async () => {
    const peer = new Peer()
    const { records = [], ...fields } = requests[kind] as PeerRequest & { readonly records?: (typeof requests.prepare)["records"] }
    const envelopes: object[] = [{ ...envelope, colour: "red" }, { ...envelope, session: 5 }, { ...envelope, protocol: -1 }, { ...envelope, link: 0.5 }, { ...envelope, node: "x".repeat(5_000) }]
    for (const name of Object.keys(envelope)) envelopes.push(Object.fromEntries(Object.entries(envelope).filter(([field]) => field !== name)))
    const messages: object[] = [{ ...fields, colour: "red" }, { ...fields, kind: "lunch" }]
    for (const name of Object.keys(fields)) messages.push(Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name)), { ...fields, [name]: ["x"] })
    const altered = [...envelopes.map((one) => [one, fields] as const), ...messages.map((one) => [envelope, one] as const)]
    for (const [head, message] of altered) {
      const bytes = new Uint8Array(encodePeerMessage(head as Envelope, { ...message, ...(kind === "prepare" ? { records } : {}) } as PeerRequest))
      const answer = await peer.send({ path, body: bytes })
      expect([JSON.stringify([head, message]), answer.status]).toEqual([JSON.stringify([head, message]), 400])
    }
    expect(peer.received).toEqual([])
  })
})

test("a record in a prepare that is none is 400", async () => {
  const peer = new Peer()
  const path = pathOf("prepare")
  for (const bytes of [new Uint8Array(), new Uint8Array(8), record.bytes.slice(0, 40)]) {
    const body = new Uint8Array(encodePeerMessage(envelope, { ...requests.prepare, records: [{ ...record, bytes }] }))
    expect((await peer.send({ path, body })).status).toBe(400)
  }
  expect(peer.received).toEqual([])
})

test("a message that is too large is 413, and not read on once it is", async () => {
  const peer = new Peer()
  const chunk = new Uint8Array(1024 * 1024)
  let given = 0
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      given += 1
      controller.enqueue(chunk)
    },
  })
  expect((await peer.send({ path: "/log/prepare", body: endless, signature: "0".repeat(64) })).status).toBe(413)
  expect(given * chunk.length).toBeLessThan(bounds.peerBodyBytesMax + 8 * chunk.length)
  expect(peer.received).toEqual([])
})

test("what breaks in the node is 500 without a word of it, and ends the process where it must", async () => {
  const peer = new Peer()
  const body = new Uint8Array(encodePeerMessage(envelope, requests.heartbeat))
  peer.answer = () => {
    throw new TypeError("canary")
  }
  const answer = await peer.send({ path: "/log/heartbeat", body })
  expect([answer.status, textOf(answer.bytes)]).toEqual([500, "something is broken here"])
  expect(peer.reported.join()).toContain("TypeError")
  expect(peer.reported.join()).not.toContain("canary")
  const broken = new InvariantBroken("I4", "canary")
  peer.answer = () => {
    throw broken
  }
  expect((await peer.send({ path: "/log/heartbeat", body })).status).toBe(500)
  expect(peer.rethrown).toEqual([broken])
})

test("a signed message does not choose what is done by names that every object has", async () => {
  const peer = new Peer()
  for (const name of ["constructor", "__proto__", "toString"]) {
    const header = Buffer.from(`{"envelope":${JSON.stringify(envelope)},"message":{"kind":"heartbeat","${name}":1}}`)
    const body = new Uint8Array(8 + header.length)
    new DataView(body.buffer).setUint32(0, header.length)
    body.set(header, 4)
    const answer = await peer.send({ path: "/log/heartbeat", body })
    if (answer.status === 200) expect(inside(peer.received.at(-1)?.message, name)).toBe(inside({}, name))
    else expect(answer.status).toBe(400)
  }
})
