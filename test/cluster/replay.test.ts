// Fault 12: everything the primary ever said, byte for byte and rightly signed, is said to the replica again: after a
// restart of either side, after a new link, after a rollback. Nothing may change. What is not signed is not even read.
import { afterEach, describe, expect, test } from "bun:test"
import { signatureHeader } from "../../src/node/peer-client.ts"
import { decodeAnswer, decodeRequest, signRequest } from "../../src/node/peer-wire.ts"
import { FewWrites } from "./few-writes.ts"
import { type PeerPost, sendPost } from "./peer-proxy.ts"
import { pairSecret, RealPair, until } from "./real-pair.ts"
import { ScriptedPrimary } from "./scripted-primary.ts"
import { sameDigests, Witness } from "./witness.ts"

const pairs: RealPair[] = []
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

async function pairWithWrites(flags: readonly string[] = []): Promise<{ pair: RealPair; witness: Witness; writes: FewWrites }> {
  const pair = await RealPair.make({ proxied: true, flags })
  pairs.push(pair)
  await pair.start()
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  for (let n = 0; n < 6; n++) expect(await writes.next()).toBe("acknowledged")
  return { pair, witness, writes }
}

describe("old messages, said again", () => {
  test("over the same link, change nothing (I6)", async () => {
    const { pair, witness, writes } = await pairWithWrites()
    expect(kindsOf(pair.proxy.recorded)).toEqual(expect.arrayContaining(["hello", "prepare", "commit"]))
    await replay(pair, pair.proxy.recorded, "answered as before or refused")
    expect(await writes.next()).toBe("acknowledged")
    await witness.settle(pair)
  })

  test("after the primary has started again, are refused and change nothing (I6)", async () => {
    const { pair, witness, writes } = await pairWithWrites()
    const old = [...pair.proxy.recorded]
    await pair.a.stop("SIGKILL")
    await replay(pair, old, "answered as before or refused")
    pair.a.start()
    await pair.inSync()
    await replay(pair, old, "refused")
    expect(await writes.next()).toBe("acknowledged")
    await witness.settle(pair)
  })

  test("after the replica has started again, are refused and change nothing (I6)", async () => {
    const { pair, witness, writes } = await pairWithWrites()
    const old = [...pair.proxy.recorded]
    await pair.b.stop("SIGKILL")
    pair.b.start()
    await pair.inSync()
    await replay(pair, old, "refused")
    expect(await writes.next()).toBe("acknowledged")
    await witness.settle(pair)
  })

  test("after the same two processes have opened a new link, are refused and change nothing (I6)", async () => {
    const { pair, witness, writes } = await pairWithWrites(["--when-stuck", "serve-reads", "--lease", "2s"])
    const old = [...pair.proxy.recorded]
    pair.proxy.treatment = () => "drop-request"
    await until("the lease is over", () => pair.a.printed.includes("the lease is over"))
    pair.proxy.treatment = () => "pass"
    await until("a new link is open", async () => (await pair.a.isReady()) && pair.a.printed.split("in sync with node b").length > 2, () => pair.printed)
    await replay(pair, old, "refused")
    expect(await writes.next()).toBe("acknowledged")
    await witness.settle(pair)
  })

  test("after the replica was promoted, and after it has started again as the primary, are refused and change nothing (I6, P5)", async () => {
    const { pair } = await pairWithWrites()
    const { a, b } = pair
    const old = [...pair.proxy.recorded]
    await a.stop("SIGKILL")
    expect(await b.decide("promote", { solo: true, force: true })).toMatchObject({ status: 200 })
    await until("it has logged that", async () => (await b.do({ op: "user.create", data: { id: "eve", email: "eve@example.com" } }, "eve")).status === 200, () => b.printed)
    await replay(pair, old, "refused")
    await b.stop("SIGKILL")
    b.start()
    await until("it answers", async () => (await b.fetch("/users/eve").then(({ status }) => status, () => 0)) === 200, () => b.printed)
    await replay(pair, old, "refused")
    expect((await b.json("/status/verify")) as object).toMatchObject({ problems: [] })
  })

  test("after they were rolled back, are refused and change nothing (I6, I10)", async () => {
    const { pair, witness, writes } = await pairWithWrites()
    await pair.a.stop()
    const before = pair.proxy.recorded.length
    const primary = await ScriptedPrimary.open(pair.b, pair.proxy.url, pairSecret)
    const record = primary.nextRecord("rolled-back")
    const { head, headDigest } = primary
    expect(await primary.ask({ kind: "prepare", round: 1, committed: head, records: [record] })).toMatchObject({ vote: { prepared: true } })
    expect(await primary.ask({ kind: "rollback", round: 1, first: record.version, digest: record.digest, parent: headDigest })).toMatchObject({ kind: "rolled-back" })
    const old = pair.proxy.recorded.slice(before)
    expect(kindsOf(old)).toEqual(["hello", "hello", "prepare", "rollback"])
    // Over the same link a rollback is answered again; the prepare never is.
    await replay(pair, old, "answered as before or refused")
    await replay(pair, old.filter(({ path }) => path === "/log/prepare"), "refused")
    pair.a.start()
    await pair.inSync()
    await replay(pair, old, "refused")
    expect((await pair.a.fetch("/do/rolled-back")).status).toBe(404)
    expect(await writes.next()).toBe("acknowledged")
    await witness.settle(pair)
  })
})

test("messages that all arrive twice, change everything once (I8)", async () => {
  const { pair, witness, writes } = await pairWithWrites()
  pair.proxy.treatment = () => "duplicate"
  for (let n = 0; n < 10; n++) expect(await writes.next()).toBe("acknowledged")
  await witness.settle(pair)
})

test("a message that is altered, unsigned or signed with another secret is not even read: 401, and nothing changes", async () => {
  const { pair, witness, writes } = await pairWithWrites()
  pair.supervise()
  // A batch that the replica has never seen and would take: held back, so that each forgery has a chance.
  let held: PeerPost | undefined
  pair.proxy.treatment = (post) => {
    if (post.path !== "/log/prepare") return "pass"
    held ??= post
    return "drop-request"
  }
  const write = writes.next()
  await until("a batch is on its way", () => held !== undefined)
  if (held === undefined) throw new Error("nothing was held")
  const genuine: PeerPost = held
  const before = await standingOf(pair)
  for (const forged of forgeriesOf(genuine)) {
    expect((await sendPost(pair.replicaPeerUrl, forged)).status).toBe(401)
    expect(await standingOf(pair)).toEqual(before)
  }
  expect(messageOf(await sendPost(pair.replicaPeerUrl, genuine))).toMatchObject({ kind: "vote", vote: { prepared: true } })
  expect(await standingOf(pair)).not.toEqual(before)
  pair.proxy.treatment = () => "pass"
  await write
  await witness.settle(pair)
})

function forgeriesOf(genuine: PeerPost): PeerPost[] {
  const { path, headers, body } = genuine
  const signed = (signature: string): PeerPost => ({ ...genuine, headers: { ...headers, [signatureHeader]: signature } })
  const altered = Array.from({ length: 24 }, (_, n) => {
    const bytes = new Uint8Array(body)
    const at = Math.floor((n * (bytes.length - 1)) / 23)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return { ...genuine, body: bytes }
  })
  return [
    ...altered,
    { path, headers: { "content-type": headers["content-type"] ?? "" }, body },
    signed(""),
    signed("0".repeat(64)),
    signed((headers[signatureHeader] ?? "").toUpperCase().slice(1)),
    signed(signRequest("another secret, also of more than 32 characters", path, body)),
    { ...genuine, path: "/log/commit" },
    { ...genuine, body: body.subarray(0, body.length - 1) },
    { ...genuine, body: new Uint8Array() },
  ]
}

/** Says each message again, and requires that the replica is afterwards what it was before. */
async function replay(pair: RealPair, posts: readonly PeerPost[], expected: "refused" | "answered as before or refused"): Promise<void> {
  const before = await standingOf(pair)
  for (const post of posts) {
    const answer = messageOf(await sendPost(pair.replicaPeerUrl, post))
    // A hello that only asks who is there is answered to anybody of this pair.
    const { message } = decodeRequest(post.body)
    const isQuestion = message.kind === "hello" && !message.open
    if (expected === "refused" && !isQuestion) expect([post.path, answer.kind]).toEqual([post.path, "refused"])
    expect(await standingOf(pair)).toEqual(before)
  }
  if (pair.a.running) await sameDigests(pair)
}

function messageOf({ status, body }: { readonly status: number; readonly body: Uint8Array }) {
  expect(status).toBe(200)
  return decodeAnswer(body).message
}

async function standingOf({ b }: RealPair): Promise<object> {
  const { head, committed, digest, epoch, role } = (await b.json("/status")) as { [name: string]: unknown }
  return { head, committed, digest, epoch, role }
}

function kindsOf(posts: readonly PeerPost[]): string[] {
  return posts.map(({ path }) => path.replace("/log/", ""))
}
